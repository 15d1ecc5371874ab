import { expect, test } from 'vitest';
import { type LedgerRow, NO_COUNTS, storedRow } from '../../governance/ledger/ledger-row.js';
import { policyDocument } from '../support/builders.js';
import { openCliWorld } from './cli-world.js';
import { documentOf } from './run-cli.js';

const [DEV, ML] = policyDocument().workspaces as { id: string; name: string }[];
const USD = 1e9;
const CALLER = 'arn:aws:sts::111122223333:assumed-role';

function aRow(caller: string, costUsd: number, change: Partial<LedgerRow> = {}): LedgerRow {
  return {
    ...{ caller, role: 'developer', model: 'mistral-small-2603', tier: 'standard', code: '' },
    endpoint: '/v1/chat/completions',
    ...NO_COUNTS,
    ...{ requests: 10, promptTokens: 1000, completionTokens: 500, costNanos: costUsd * USD },
    ...change,
  };
}

/** The deployed table, with rows by partition: two of them in pages of their own. */
async function aLedger(partitions: Readonly<Record<string, readonly LedgerRow[]>>) {
  const read: string[] = [];
  const world = await openCliWorld({
    outputs: { QuotaTableName: 'quotas', RetirementStateMachineArn: 'arn:aws:states:x:1:sm:r' },
    operations: {
      Query(input) {
        const { ExpressionAttributeValues, ExclusiveStartKey } = input as {
          ExpressionAttributeValues: { ':pk': { S: string } };
          ExclusiveStartKey?: { at: { N: string } };
        };
        const pk = ExpressionAttributeValues[':pk'].S;
        read.push(pk);
        const at = Number(ExclusiveStartKey?.at.N ?? 0);
        const rows = partitions[pk] ?? [];
        const one = rows.slice(at, at + 1).map(storedRow);
        return {
          Items: rows.length > 0 ? [{ rows: { S: JSON.stringify(one) } }] : [],
          ...(at + 1 < rows.length && { LastEvaluatedKey: { at: { N: String(at + 1) } } }),
        };
      },
    },
  });
  return { ...world, read };
}

const ROWS = {
  [`ledger#${DEV?.id}#2026-11-23`]: [
    aRow(`${CALLER}/checkout`, 6),
    aRow(`${CALLER}/analyst`, 3, { model: 'mistral-large-2512', role: 'analyst' }),
    aRow(`${CALLER}/analyst`, 0, { code: 'rate_limited', role: 'analyst', requests: 7 }),
  ],
  [`ledger#${ML?.id}#2026-11-24`]: [aRow(`${CALLER}/checkout`, 0.5), aRow('=1+1', 0.25)],
  [`ledger#${DEV?.id}#2026-11-22`]: [aRow(`${CALLER}/checkout`, 0.5)],
};
const PERIOD = ['--from', '2026-11-23', '--to', '2026-11-24'];

test('callers are listed with share, trend and refusals, those after the first ones together', async () => {
  const { run } = await aLedger(ROWS);
  const { status, stdout } = await run(['spend', '--by', 'caller', ...PERIOD, '--top', '2']);
  expect(status).toBe(0);
  const cells = stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(cells.slice(0, 5)).toEqual([
    ['caller', 'spent', 'share', 'before', 'requests', 'refused', 'tokens'],
    [`${CALLER}/checkout`, '6.50 USD', '██████████', '67 %', '13 times', '20', '3,000'],
    [`${CALLER}/analyst`, '3.00 USD', '████▌░░░░░', '31 %', 'new', '10', '7', '1,500'],
    ['1 more', '0.2500 USD', '▍░░░░░░░░░', '3 %', '10', '1,500'],
    ['total', '9.75 USD', '██████████', '100 %', '20 times', '40', '7', '6,000'],
  ]);
});

test.each([
  ['role', ['developer', 'analyst']],
  ['model', ['mistral-small-2603', 'mistral-large-2512']],
  ['endpoint', ['/v1/chat/completions']],
  ['workspace', [DEV?.name, ML?.name]],
  ['team', ['all developers', 'ml engineers']],
])('by %s', async (by, names) => {
  const { run } = await aLedger(ROWS);
  const document = documentOf(await run(['spend', '--by', by, ...PERIOD, '--json']));
  expect(document.spenders.map(({ name }: { name: string }) => name)).toEqual(names);
  expect(document).toMatchObject({
    by,
    ...{ from: '2026-11-23', to: '2026-11-24', currency: 'USD' },
    before: { from: '2026-11-21', to: '2026-11-22', costNanos: 0.5 * USD },
    total: { costNanos: 9.75 * USD, requests: 40, refused: { rate_limited: 7 } },
  });
});

test('a spreadsheet gets all of them, and no formula', async () => {
  const { run } = await aLedger(ROWS);
  const { stdout } = await run(['spend', '--by', 'caller', ...PERIOD, '--csv', '--top', '1']);
  const [head, ...lines] = stdout.trim().split('\n');
  expect(head).toBe(
    'caller,cost_usd,cost_usd_before,requests,refused,prompt_tokens,cached_tokens,completion_tokens,pages,audio_seconds,characters',
  );
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(`${CALLER}/checkout,6.500000000,0.500000000,20,0,2000,0,1000,0,0,0`);
  expect(lines[2]?.startsWith("'=1+1,0.250000000,")).toBe(true);
});

test('without days it is the running month, and a month as long before it', async () => {
  const { run, read } = await aLedger({});
  const { stdout } = await run(['spend', '--by', 'caller']);
  expect(stdout).toBe('nothing was used from 2026-11-01 to 2026-11-24\n');
  const days = [...new Set(read.map((pk) => pk.slice(-10)))].sort();
  expect([days[0], days.at(-1), days.length]).toEqual(['2026-10-08', '2026-11-24', 48]);
});

test.each([
  [['spend', '--csv'], 'only --by takes'],
  [['spend', '--by', 'team', '--json', '--csv'], 'exclude each other'],
  [['spend', '--by', 'team', '--from', '2026-11-24', '--to', '2026-11-23'], 'is after --to'],
  [['spend', '--by', 'team', '--to', '2026-12-24'], 'is after today'],
  [['spend', '--by', 'team', '--from', '2020-01-01'], 'more than 400 days'],
  [['spend', '--by', 'team', '--top', '0'], 'at least 1'],
  [['spend', '--by', 'people'], 'Allowed choices are caller'],
])('%j is refused', async (args, said) => {
  const { run } = await aLedger({});
  const { status, stdout, stderr } = await run(args);
  expect(status).toBe(2);
  expect(stdout + stderr).toContain(said);
});
