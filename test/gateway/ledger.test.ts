import { expect, test } from 'vitest';
import { type LedgerRow, NO_COUNTS } from '../../governance/ledger/ledger-row.js';
import { assembledGateway } from '../support/assembled-gateway.js';
import {
  answerJson,
  CHAT,
  CHECKED_MODEL,
  COMPLETION,
  type Script,
  USAGE,
} from '../support/gateway-world.js';

const CALLER = 'arn:aws:sts::111122223333:assumed-role/developer';
const SUBJECT = {
  caller: CALLER,
  role: 'developer',
  model: CHECKED_MODEL,
  endpoint: '/v1/chat/completions',
  tier: 'standard',
  code: '',
};
const costOf = (settled: Record<string, number>) =>
  Object.entries(settled).find(([name]) => name.includes('usd#2026-06'))?.[1];

test('what is settled is in the ledger, by caller, model and endpoint', async () => {
  const gateway = await assembledGateway();
  for (let at = 0; at < 3; at += 1) await (await gateway.ask(CHAT)).text();
  const settled = await gateway.settledByCounter();
  expect(await gateway.ledgerRows()).toEqual([
    {
      ...SUBJECT,
      ...NO_COUNTS,
      requests: 3,
      promptTokens: 3 * USAGE.prompt_tokens,
      completionTokens: 3 * USAGE.completion_tokens,
      costNanos: costOf(settled),
    },
  ]);
});

test('what is not known is there at its upper bound, and an error of Mistral is free', async () => {
  const { usage: _, ...unreported } = COMPLETION;
  const answers: Script[] = [
    (response) => answerJson(response, 200, unreported),
    (response) => answerJson(response, 400, { message: 'no' }),
  ];
  const gateway = await assembledGateway((response, request, count) =>
    request.method === 'GET'
      ? answerJson(response, 500, {})
      : answers.shift()?.(response, request, count),
  );
  await (await gateway.ask({ ...CHAT, max_tokens: 100 })).text();
  const settled = costOf(await gateway.settledByCounter());
  await (await gateway.ask(CHAT)).text();
  const [row] = await gateway.ledgerRows();
  expect(row).toMatchObject({ requests: 2, completionTokens: 100, costNanos: settled });
  expect(row?.promptTokens).toBeGreaterThan(64);
});

test('refusals are there by their code, with the model where it is known', async () => {
  const gateway = await assembledGateway(undefined, (document) => {
    document.workspaces[0].budgets = { monthlyUsd: 0.01 };
  });
  for (const change of [
    { max_tokens: 2000, n: 20 },
    { model: 'mistral-large-latest' },
    { max_tokens: 1 },
  ])
    await (await gateway.ask({ ...CHAT, ...change })).text();
  const rows = await gateway.ledgerRows();
  const refused = rows.filter(({ code }: LedgerRow) => code !== '');
  expect(refused.map(({ code, model, requests }) => [code, model, requests])).toEqual([
    ['budget_exhausted', CHECKED_MODEL, 1],
    ['model_not_allowed', '', 1],
  ]);
});

test.each([
  ['hashed', /^caller [0-9a-f]{16}$/],
  ['role', /^role developer$/],
])('callers are named as the policy says: %s', async (callers, expected) => {
  const gateway = await assembledGateway(undefined, (document) => {
    document.ledger = { callers };
  });
  await (await gateway.ask(CHAT)).text();
  const [row] = await gateway.ledgerRows();
  expect(row?.caller).toMatch(expected);
});
