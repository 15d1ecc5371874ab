import type { PolicySource } from '../../governance/policy/load-policy.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import { checkedPolicy } from '../policy-file.js';

/** A workspace of the policy, which has no id before Mistral has created it. */
export type DraftWorkspace = Omit<Workspace, 'id'> & { readonly id: string | undefined };

/** A policy whose workspaces may have no ids yet. */
export interface PolicyDraft {
  /** With placeholders for missing ids. */
  readonly policy: Policy;
  readonly workspaces: readonly DraftWorkspace[];
}

/** @throws CommandFailure with every error other than a missing id */
export function readDraft(source: PolicySource): PolicyDraft {
  const copy = structuredClone(source.document);
  const missing = addPlaceholders(copy);
  const policy = checkedPolicy(source, {}, copy);
  const workspaces = policy.workspaces.map((workspace, at) =>
    missing.has(at) ? { ...workspace, id: undefined } : workspace,
  );
  return { policy, workspaces };
}

/** Gives each workspace without an id a unique placeholder, and returns their positions. */
function addPlaceholders(document: unknown): ReadonlySet<number> {
  const missing = new Set<number>();
  for (const [at, workspace] of workspacesIn(document).entries()) {
    if (typeof workspace !== 'object' || workspace === null) continue;
    const id: unknown = Reflect.get(workspace, 'id');
    if (id !== undefined && id !== null && id !== '') continue;
    Reflect.set(workspace, 'id', `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`);
    missing.add(at);
  }
  return missing;
}

function workspacesIn(document: unknown): readonly unknown[] {
  if (typeof document !== 'object' || document === null) return [];
  const workspaces: unknown = Reflect.get(document, 'workspaces');
  return Array.isArray(workspaces) ? workspaces : [];
}
