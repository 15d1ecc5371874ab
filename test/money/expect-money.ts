import { expect } from 'vitest';
import { type MoneyRun, playMoney, type Row } from './money-run.js';

/** Plays a run, prints both sums, and compares them for every budget and window. */
export async function expectMoney(run: MoneyRun): Promise<void> {
  const { money, tokens, requests, ledger, counts } = await playMoney(run);
  const months = money.filter(({ name }) => /usd#\d{4}-\d\d$/.test(name));
  say(`seed ${run.seed}: ${JSON.stringify(counts)}`);
  print('nano-dollars', months);
  print('tokens', tokens);

  // A run in which nothing is sent would prove nothing.
  for (const rows of [months, tokens])
    expect(rows.reduce((sum, { billed }) => sum + billed, 0)).toBeGreaterThan(0);
  expect(ledger.length).toBeGreaterThan(2);
  for (const { name, inLedger, settled, lost } of ledger)
    expect(Math.abs(settled - inLedger), `ledger, ${name}`).toBeLessThanOrEqual(lost);
  for (const one of [...money, ...tokens, ...requests])
    expect(one.billed, `billed, ${one.name}`).toBeLessThanOrEqual(one.settled + one.unknown);
  for (const one of [...money, ...tokens])
    expect(one.settled - one.billed, `spare, ${one.name}`).toBeLessThanOrEqual(one.spare);
  for (const one of [...money, ...requests])
    expect(one.billed, `limit, ${one.name}`).toBeLessThanOrEqual(one.limit + one.unknown);
}

function print(unit: string, rows: readonly Row[]): void {
  const sum = (field: 'billed' | 'settled' | 'unknown' | 'spare') =>
    rows.reduce((all, row) => all + row[field], 0);
  say(
    `${unit}: billed ${sum('billed')}, settled ${sum('settled')}; lost with killed processes at most ${sum('unknown')}, settled too much at most ${sum('spare')}`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
