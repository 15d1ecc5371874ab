import type { Policy, Workspace } from './policy.js';
import type { Warnings } from './warning.js';

const WINDOWS = ['hourly', 'daily', 'monthly'] as const;

/** Limits that are never reached, because a smaller one is before. */
export function* limitWarnings({ workspaces, roles, mistral }: Policy): Warnings {
  const ending = mistral.currency === 'USD' ? 'Usd' : 'Eur';
  for (const [index, { name, budgets, lends }] of workspaces.entries()) {
    const given = WINDOWS.flatMap((window) => {
      const amount = budgets[`${window}${ending}`];
      return amount === undefined ? [] : [{ field: `${window}${ending}`, amount }];
    });
    for (const [at, { field, amount }] of given.entries()) {
      const less = given.slice(at + 1).find((later) => later.amount < amount);
      if (less === undefined) continue;
      yield {
        id: 'limit-order',
        subject: name,
        path: ['workspaces', index, 'budgets', field],
        message: `${amount} is more than ${less.field} (${less.amount}), which is exhausted first: lower it, or raise ${less.field}`,
      };
    }
    const lent = lends[`daily${ending}`];
    const least = given.slice(given[0]?.field.startsWith('hourly') ? 1 : 0);
    const less = least.find(({ amount }) => lent !== undefined && amount < lent);
    if (less === undefined) continue;
    yield {
      id: 'limit-order',
      subject: name,
      path: ['workspaces', index, 'lends', `daily${ending}`],
      message: `${lent} is more than budgets.${less.field} (${less.amount}), which is exhausted first: lower it to what others may spend`,
    };
  }
  for (const [name, { maxTokensPerRequest, dailyTokens }] of Object.entries(roles)) {
    if (dailyTokens === 'unlimited' || maxTokensPerRequest <= dailyTokens) continue;
    yield {
      id: 'limit-order',
      subject: name,
      path: ['roles', name, 'maxTokensPerRequest'],
      message: `${maxTokensPerRequest} is more than dailyTokens (${dailyTokens}), so that such a request is never allowed: lower it, or raise dailyTokens`,
    };
  }
}

/** Who may spend a neighbour's budget without a bound, and what bounds nothing. */
export function* overflowWarnings({
  workspaces,
  mistral,
}: Pick<Policy, 'workspaces' | 'mistral'>): Warnings {
  const field = mistral.currency === 'USD' ? 'dailyUsd' : 'dailyEur';
  const warning = (index: number, subject: string, message: string) =>
    ({ id: 'unbounded-overflow', subject, path: ['workspaces', index, 'lends'], message }) as const;
  for (const [index, { name, lends }] of workspaces.entries()) {
    const borrowers = workspaces.filter(({ overflowTo }) => overflowTo.includes(name));
    if (lends[field] !== undefined) {
      const message = `no workspace overflows to ${name}, so it bounds nothing: remove it`;
      if (borrowers.length === 0) yield warning(index, name, message);
    } else {
      for (const borrower of borrowers) yield warning(index, name, lending(name, borrower, field));
    }
  }
}

function lending(name: string, borrower: Workspace, field: string): string {
  return `${borrower.name} may spend all that its own budgets and those of ${name} leave with the key of ${name}: ${field} bounds it`;
}
