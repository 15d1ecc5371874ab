import type { MistralWorkspace } from '../../governance/mistral/mistral.js';
import type { Currency } from '../../governance/platform/wording.js';
import type { DraftWorkspace } from './policy-draft.js';

/** How a workspace of the policy compares with Mistral's. */
export type WorkspaceState = { readonly name: string } & (
  | { readonly kind: 'same'; readonly id: string }
  /** Mistral has no workspace of that id or name. */
  | { readonly kind: 'missing'; readonly oldId: string | undefined }
  /** Mistral has a workspace of that name with another id; the policy may have no id. */
  | { readonly kind: 'other-id'; readonly id: string; readonly oldId: string | undefined }
  /** Mistral has several workspaces of that name: the policy must give the id. */
  | { readonly kind: 'ambiguous'; readonly ids: readonly string[] }
  | { readonly kind: 'renamed'; readonly id: string; readonly mistralName: string }
  /** Mistral would suspend the workspace before its monthly budget is exhausted. */
  | {
      readonly kind: 'lower-limit';
      readonly id: string;
      readonly budget: number;
      readonly limit: number;
    }
);

export interface WorkspacePlan {
  /** One for each workspace of the policy, in its order. */
  readonly workspaces: readonly WorkspaceState[];
  /** Workspaces at Mistral that are not in the policy. */
  readonly unmanaged: readonly MistralWorkspace[];
}

export function planWorkspaces(
  drafts: readonly DraftWorkspace[],
  listed: readonly MistralWorkspace[],
  currency: Currency,
): WorkspacePlan {
  const byId = new Map(listed.map((one) => [one.id.toLowerCase(), one]));
  const claimed = new Set(
    drafts.flatMap(({ id }) => (id && byId.has(id.toLowerCase()) ? [id.toLowerCase()] : [])),
  );
  const workspaces = drafts.map((draft): WorkspaceState => {
    const found = draft.id === undefined ? undefined : byId.get(draft.id.toLowerCase());
    if (found) return compared(draft, found, currency);
    const namesakes = listed.filter(
      ({ id, name }) => !claimed.has(id.toLowerCase()) && isSameName(name, draft.name),
    );
    for (const { id } of namesakes) claimed.add(id.toLowerCase());
    const { name, id: oldId } = draft;
    const [only, another] = namesakes;
    if (only === undefined) return { kind: 'missing', name, oldId };
    if (another) return { kind: 'ambiguous', name, ids: namesakes.map(({ id }) => id) };
    return { kind: 'other-id', name, id: only.id, oldId };
  });
  return { workspaces, unmanaged: listed.filter(({ id }) => !claimed.has(id.toLowerCase())) };
}

function compared(
  { name, budgets }: DraftWorkspace,
  { id, name: mistralName, monthlyLimit }: MistralWorkspace,
  currency: Currency,
): WorkspaceState {
  if (mistralName !== name) return { kind: 'renamed', name, id, mistralName };
  const budget = currency === 'USD' ? budgets.monthlyUsd : budgets.monthlyEur;
  const isComparable = (monthlyLimit?.currency ?? currency) === currency;
  if (monthlyLimit && budget !== undefined && isComparable && monthlyLimit.amount < budget) {
    return { kind: 'lower-limit', name, id, budget, limit: monthlyLimit.amount };
  }
  return { kind: 'same', name, id };
}

/** As in the policy, names that differ only in case are the same. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
