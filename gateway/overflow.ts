import type { AccessGrant } from '../governance/access/access.js';
import type { ModelDirectory } from '../governance/access/model-directory.js';
import type { Workspace } from '../governance/policy/policy.js';

/** Where else a request may go, in order: only where the policy allows its model. */
export function overflowOf(
  { workspace, modelId }: AccessGrant,
  workspaces: readonly Workspace[],
  models: Pick<ModelDirectory, 'resolve'>,
): string[] {
  const home = workspaces.find(({ name }) => name === workspace);
  return (home?.overflowTo ?? []).filter((target) => {
    const allowed = workspaces.find(({ name }) => name === target)?.models ?? [];
    return allowed === '*' || allowed.some((name) => models.resolve(name) === modelId);
  });
}
