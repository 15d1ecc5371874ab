import type { Policy } from './policy.js';

/** Who may spend a neighbour's budget without a bound, and what bounds nothing. */
export function overflowNotes({
  workspaces,
  mistral,
}: Pick<Policy, 'workspaces' | 'mistral'>): string[] {
  const field = mistral.currency === 'USD' ? 'dailyUsd' : 'dailyEur';
  return workspaces.flatMap(({ name, lends }, index) => {
    const at = `workspaces[${index}].lends`;
    const borrowers = workspaces.filter(({ overflowTo }) => overflowTo.includes(name));
    if (lends[field] === undefined) {
      return borrowers.map(
        (borrower) =>
          `${at}: ${borrower.name} may spend all that its own budgets and those of ${name} leave with the key of ${name}: ${field} bounds it`,
      );
    }
    if (borrowers.length > 0) return [];
    return [`${at}: no workspace overflows to ${name}, so it bounds nothing`];
  });
}
