import { expect, test } from 'vitest';
import { checkSource, place, policySource } from '../../../governance/policy/load-policy.js';
import { inOrderOfPlace, problemText } from '../../../governance/policy/policy-problem.js';
import { policyWarnings } from '../../../governance/policy/policy-warnings.js';
import { SEARCH_POLICY } from './search-policy.js';

const NOW = new Date('2026-11-24T10:00:00Z');

type Dead = readonly [what: string, from: RegExp | string, to: string, ...lines: string[]];

/** What is changed in a policy so that something in it does nothing, and the warnings of that. */
const DEAD: readonly Dead[] = [
  [
    'any account',
    'arn:aws:iam::305611427893:role/engineer',
    'arn:aws:iam::*:role/engineer',
    '33:5  callers[0].principal: "*" stands for every account that may call (those that other entries name): a role of that name in any of them calls as engineer; write the 12 digits of its account [any-account arn:aws:iam::*:role/engineer]',
  ],
  [
    'any role may call',
    'arn:aws:iam::305611427893:role/engineer',
    'arn:aws:iam::305611427893:role/*',
    '33:5  callers[0].principal: "*" stands for every role and user there: each may call as engineer; write some of the name [any-role arn:aws:iam::305611427893:role/*]',
  ],
  [
    'any role may read',
    'role/index-builder',
    'role/*',
    '15:13  workspaces[0].keys[0].readers[0]: "*" stands for every role and user there: each may read the key; write some of the name [any-role arn:aws:iam::305611427893:role/*]',
  ],
  [
    'an SSO role without its suffix',
    'arn:aws:iam::305611427893:role/engineer',
    'arn:aws:iam::305611427893:role/AWSReservedSSO_Engineer',
    '33:5  callers[0].principal: never matches: IAM Identity Center ends the names of its roles in "_" and 16 characters of its own; write AWSReservedSSO_Engineer_* [sso-role-without-suffix arn:aws:iam::305611427893:role/AWSReservedSSO_Engineer]',
  ],
  [
    'a reader by an SSO role without its path',
    'role/index-builder',
    'role/AWSReservedSSO_Indexer_0123456789abcdef',
    '15:13  workspaces[0].keys[0].readers[0]: never matches: the path of such roles is missing; write role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Indexer_0123456789abcdef [sso-role-without-suffix arn:aws:iam::305611427893:role/AWSReservedSSO_Indexer_0123456789abcdef]',
  ],
  [
    'a question mark for a character',
    'role/chat-*',
    'role/chat-?',
    '36:5  callers[1].principal: never matches: it has a "?", which stands for itself here, and no role or session has it in its name: write "*" [never-matches arn:aws:iam::305611427893:role/chat-?]',
  ],
  [
    'a caller whose role and workspace have no model in common',
    'models: [mistral-small-latest, codestral-latest]',
    'models: [codestral-latest]',
    '33:5  callers[0]: may use no model: none is in both roles.engineer.models and the models of search; add one to either [never-matches arn:aws:iam::305611427893:role/engineer]',
  ],
  [
    'callers without a gateway',
    'enabled: true',
    'enabled: false',
    '32:1  callers: they can call nothing, because there is no gateway: set gateway.enabled to true, or remove them [never-matches callers]',
  ],
  [
    'a workspace without keys and callers',
    'workspace: assistants',
    'workspace: search',
    '17:5  workspaces[1]: "assistants" is used by no key, no caller and no overflow: give it a key or a caller, or remove it [unused-workspace assistants]',
  ],
  [
    'a misspelt model',
    'models: [mistral-small-latest, mistral-embed]',
    'models: [mistral-smal-latest, mistral-embed]',
    '9:14  workspaces[0].models[0]: "mistral-smal-latest" has no price in the price book, did you mean "mistral-small-latest"? requests for it cost as much as the most expensive model; correct the id, or give its price under prices.models [unknown-model mistral-smal-latest]',
    '33:5  callers[0]: may use no model: none is in both roles.engineer.models and the models of search; add one to either [never-matches arn:aws:iam::305611427893:role/engineer]',
  ],
  [
    'a model of which nothing is known',
    'models: [mistral-small-latest, codestral-latest]',
    'models: [mistral-small-latest, in-house-7b]',
    '28:36  roles.engineer.models[1]: "in-house-7b" has no price in the price book: requests for it cost as much as the most expensive model; correct the id, or give its price under prices.models [unknown-model in-house-7b]',
  ],
  [
    'a daily budget above the monthly one',
    'dailyUsd: 200, monthlyUsd: 4000',
    'dailyUsd: 200, monthlyUsd: 150',
    '11:16  workspaces[0].budgets.dailyUsd: 200 is more than monthlyUsd (150), which is exhausted first: lower it, or raise monthlyUsd [limit-order search]',
  ],
  [
    'an hourly budget above the daily one',
    '{ dailyUsd: 200,',
    '{ hourlyUsd: 250, dailyUsd: 200,',
    '11:16  workspaces[0].budgets.hourlyUsd: 250 is more than dailyUsd (200), which is exhausted first: lower it, or raise dailyUsd [limit-order search]',
  ],
  [
    'a request larger than a day',
    'maxTokensPerRequest: 8000',
    'maxTokensPerRequest: 3000000',
    '29:5  roles.engineer.maxTokensPerRequest: 3000000 is more than dailyTokens (2000000), so that such a request is never allowed: lower it, or raise dailyTokens [limit-order engineer]',
  ],
  [
    'a loan above the budget',
    'budgets: { dailyUsd: 200, monthlyUsd: 4000 }',
    'budgets: { dailyUsd: 200, monthlyUsd: 4000 }\n    lends: { dailyUsd: 300 }',
    '12:5  workspaces[0].lends: no workspace overflows to search, so it bounds nothing: remove it [unbounded-overflow search]',
    '12:14  workspaces[0].lends.dailyUsd: 300 is more than budgets.dailyUsd (200), which is exhausted first: lower it to what others may spend [limit-order search]',
  ],
  [
    'no subscription',
    / {2}subscriptions:\n[\s\S]*$/,
    '',
    '43:1  alerts.subscriptions: there are none, so that no alert reaches a person: add an e-mail address [no-subscription alerts.subscriptions]',
  ],
  [
    'no subscription to critical alerts',
    '      endpoint: platform-on-call@northwind.io\n',
    '      endpoint: platform-on-call@northwind.io\n      filter: { severity: [info] }\n',
    '45:3  alerts.subscriptions: none of them takes critical alerts: add "critical" to a filter.severity [no-subscription critical]',
  ],
  [
    'a filter that no alert passes',
    '      endpoint: platform-on-call@northwind.io\n',
    '      endpoint: platform-on-call@northwind.io\n    - protocol: email\n      endpoint: finance@northwind.io\n      filter: { type: [spend-forecast], severity: [critical] }\n',
    '50:7  alerts.subscriptions[1].filter: no alert passes it, since none has such type and severity at once: leave one of the lists out [never-matches finance@northwind.io]',
  ],
  [
    'no runbook',
    '  runbookUrl: https://wiki.northwind.io/mistral\n',
    '',
    "43:1  alerts.runbookUrl: alerts link to this product's public runbook: set it to where on-call finds yours, for example a copy of docs/runbook.md [default-runbook alerts.runbookUrl]",
  ],
  [
    'an account of the example',
    /305611427893/g,
    '111122223333',
    '15:13  workspaces[0].keys[0].readers[0]: 111122223333 is an account of examples: write your own (also in 2 other places) [example-value 111122223333]',
  ],
  [
    'an address of the example',
    'platform-on-call@northwind.io',
    'on-call@example.com',
    '47:7  alerts.subscriptions[0].endpoint: "on-call@example.com" is reserved for examples, and no alert arrives there: write an address of yours [example-value on-call@example.com]',
  ],
  [
    'ids of the example',
    /id: 3c7d5a10-8f42-4a6e-b1f5-0f6f2d9e4c01\n {4}ownerUserId: 5b1e9f77-2a0c-4d38-9c64-7e8f0a1b2c03/,
    'id: 6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01\n    ownerUserId: 9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10',
    "6:5  workspaces[0].id: is an id of the examples: write the workspace's id at Mistral; without it, `mistral-governance workspaces sync` fills yours in [example-value id]",
    '7:5  workspaces[0].ownerUserId: is a user of the examples: write the id of a user of your organization [example-value ownerUserId]',
  ],
  [
    'a workspace tried twice',
    'requestsPerMinute: 120',
    'requestsPerMinute: 120\n    overflowTo: [search, search]',
    '5:5  workspaces[0].lends: assistants may spend all that its own budgets and those of search leave with the key of search: dailyUsd bounds it [unbounded-overflow search]',
    '23:26  workspaces[1].overflowTo[1]: "search" was tried before, as overflowTo[0]: remove one of them [never-matches search]',
  ],
  [
    'an accepted warning that is not there',
    'gateway:\n',
    'acceptedWarnings:\n  - id: unknown-model\n    subject: in-house-7b\n    reason: served by ourselves\ngateway:\n',
    '41:5  acceptedWarnings[0]: accepts nothing: there is no unknown-model warning about "in-house-7b"; remove it [accepted-nothing in-house-7b]',
  ],
];

/** `line:column  path: message [id subject]` */
function warningsOf(text: string): readonly string[] {
  const source = policySource(Buffer.from(text), 'governance.yaml');
  const { open } = policyWarnings(checkSource(source), NOW);
  return inOrderOfPlace(open.map((warning) => place(warning, source))).map(
    (warning) =>
      `${warning.place?.line}:${warning.place?.column}  ${problemText(warning)} [${warning.id} ${warning.subject}]`,
  );
}

test('the policy that is changed below has no warnings', () => {
  expect(warningsOf(SEARCH_POLICY)).toEqual([]);
});

test.each(DEAD.map(([what, ...row]) => ({ what, row })))('$what', ({ row }) => {
  const [from, to, ...lines] = row;
  const text = SEARCH_POLICY.replace(from, () => to);
  expect(text).not.toBe(SEARCH_POLICY);
  expect(warningsOf(text)).toEqual(lines);
});

test.each(['*', 'arn:aws:iam::*', '*role/*', 'arn:aws:iam::*:role/engineer'])(
  'a warning about an ARN is accepted by %s',
  (subject) => {
    const text = SEARCH_POLICY.replace(
      'arn:aws:iam::305611427893:role/engineer',
      'arn:aws:iam::*:role/engineer',
    );
    const entry = `acceptedWarnings: [{ id: any-account, subject: "${subject}", reason: ours alone }]`;
    expect(warningsOf(`${text}${entry}\n`)).toEqual([]);
  },
);
