import type { LedgerStore } from '../../governance/ledger/ledger-store.aws.js';
import {
  type Dimension,
  daysOf,
  type Period,
  type Spender,
  SpendSums,
} from '../../governance/ledger/spend-by.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import type { Policy } from '../../governance/policy/policy.js';

const READS_AT_ONCE = 8;

/**
 * Reads a period of the ledger, a day of a workspace at a time.
 */
export async function readSpend(
  ledger: Pick<LedgerStore, 'rows'>,
  { workspaces }: Pick<Policy, 'workspaces'>,
  by: Dimension,
  period: Period,
): Promise<readonly Spender[]> {
  const sums = new SpendSums(by);
  const parts = daysOf(period).flatMap((day) =>
    workspaces.map((workspace) => ({ day, workspace })),
  );
  await mapBounded(parts, READS_AT_ONCE, async ({ day, workspace }) => {
    for await (const rows of ledger.rows(workspace.id, day)) {
      for (const row of rows) sums.add(row, workspace);
    }
  });
  return sums.spenders();
}
