import { expect, test } from 'vitest';
import { checkSource, policySource } from '../../../governance/policy/load-policy.js';
import { SEARCH_POLICY } from './search-policy.js';

type Broken = readonly [what: string, from: RegExp | string, to: string, ...lines: string[]];

const EVERYTHING = /^[\s\S]*$/;

/** What is changed in a valid policy, and the lines by which its author is to find that again. */
const BROKEN: readonly Broken[] = [
  [
    'an empty file',
    EVERYTHING,
    '',
    '1:1  the policy is empty: it needs workspaces at least; governance.yaml of this package is an example',
  ],
  [
    'a file with only comments',
    EVERYTHING,
    '# the policy\n\n# to do\n',
    '1:1  the policy has only comments: it needs workspaces at least; governance.yaml of this package is an example',
  ],
  [
    'a tab',
    '    team: search',
    '\tteam: search',
    '8:1  a tab is used for indentation: YAML takes spaces only',
  ],
  [
    'a tab behind spaces',
    '    team: assistants',
    '  \tteam: assistants',
    '20:3  a tab is used for indentation: YAML takes spaces only',
  ],
  [
    'a bracket left open',
    'models: [mistral-small-latest, mistral-embed]',
    'models: [mistral-small-latest, mistral-embed',
    '9:13  the "[" is not closed: add the "]"',
  ],
  [
    'a brace left open',
    'monthlyUsd: 4000 }',
    'monthlyUsd: 4000',
    '11:14  the "{" is not closed: add the "}"',
  ],
  ['a quote left open', 'team: search', 'team: "search', '8:11  the quote is not closed'],
  [
    'no space behind a colon',
    'team: search',
    'team:search',
    '8:5  a space is missing after ":": write "team: search"',
  ],
  [
    'a colon in a value',
    'team: search',
    'team: search: core',
    '8:11  a field stands in the line of another one: give it a line of its own, or put a value with ": " in quotes',
  ],
  [
    'a field indented less than its neighbours',
    '    team: search',
    '   team: search',
    '8:1  the line is neither an entry of the list above, which begins with "- ", nor indented as the fields of its last entry',
  ],
  [
    'a field indented more than its neighbours',
    '    team: search',
    '     team: search',
    '8:6  the line is indented more than the field above it, which has a value already',
  ],
  [
    'an entry without its dash',
    '  - name: assistants',
    '    name: assistants',
    '17:5  workspaces[0].name: is there twice, first in line 5: begin a new entry with "- ", or keep one of them',
  ],
  [
    'a field twice',
    '    team: search\n',
    '    team: search\n    requestsPerMinute: 60\n',
    '11:5  workspaces[0].requestsPerMinute: is there twice, first in line 9: keep one of them',
  ],
  [
    'a section twice',
    'roles:\n',
    'gateway: { enabled: false }\n\nroles:\n',
    '42:1  gateway: is there twice, first in line 26: keep one of them',
  ],
  [
    'a bare asterisk',
    "models: '*'",
    'models: *',
    '21:13  "*" begins an alias in YAML: to mean the character, put it in quotes',
  ],
  [
    'an alias of nothing',
    'team: assistants',
    'team: *teams',
    '20:11  workspaces[1].team: the alias "*teams" has no anchor "&teams" before it: a text that begins with "*" needs quotes',
  ],
  [
    'a tag of CloudFormation',
    'adminKeySecret: mistral/admin-api-key',
    'adminKeySecret: !Ref AdminKey',
    '2:19  a tag (a word that begins with "!") is not known or does not fit: remove it',
  ],
  [
    'two documents',
    'roles:\n',
    '---\nroles:\n',
    '26:1  it has 2 documents, the second from here on: must be one, without "---" in between',
  ],
  [
    '2,000',
    'monthlyUsd: 900',
    'monthlyUsd: 2,000',
    '24:7  workspaces[1].budgets.monthlyUsd: "2,000" is text because of its separators: write 2000',
  ],
  [
    '2,000 inside of braces',
    'monthlyUsd: 4000 }',
    'monthlyUsd: 2,000 }',
    '11:45  workspaces[0].budgets.000: is read as a field, since inside of { } a comma ends a value: write numbers without separators, such as 2000',
  ],
  [
    '2.000',
    'monthlyUsd: 900',
    'monthlyUsd: 2.000',
    '24:19  workspaces[1].budgets.monthlyUsd: 2.000 is 2 in YAML: write 2000 or 2',
  ],
  [
    'a number in quotes',
    'requestsPerMinute: 120',
    "requestsPerMinute: '120'",
    '22:5  workspaces[1].requestsPerMinute: "120" is text because of its quotes: write 120',
  ],
  [
    '.inf',
    'monthlyUsd: 900',
    'monthlyUsd: .inf',
    '24:7  workspaces[1].budgets.monthlyUsd: .inf is infinity, must be finite: a limit that is optional is left out instead',
  ],
  [
    '.inf tokens',
    'dailyTokens: 2000000',
    'dailyTokens: .inf',
    '30:5  roles.engineer.dailyTokens: .inf is infinity, must be finite: for no limit, write unlimited',
  ],
  [
    '.nan',
    'requestsPerMinute: 120',
    'requestsPerMinute: .nan',
    '22:5  workspaces[1].requestsPerMinute: .nan is not a number, must be finite',
  ],
  [
    'a required field misspelt',
    'requestsPerMinute: 600',
    'requestPerMinute: 600',
    '10:5  workspaces[0].requestPerMinute: unknown field, did you mean "requestsPerMinute"? allowed are name, id, ownerUserId, team, models, requestsPerMinute, budgets, quotaShards, overflowTo, lends, keys',
  ],
  [
    'a section misspelt',
    'gateway:\n',
    'gatway:\n',
    '40:1  gatway: unknown field, did you mean "gateway"? allowed are $schema, mistral, workspaces, roles, agents, callers, administrators, prices, limits, gateway, rotation, audit, ledger, evidence, alerts, events, acceptedWarnings',
  ],
  [
    'a required field missing',
    '    team: search\n',
    '',
    '5:5  workspaces[0].team: is missing, must be a string',
  ],
  [
    'no workspaces',
    /workspaces:\n[\s\S]*?(?=roles:)/,
    '',
    '1:1  workspaces: is missing, must be a list',
  ],
  [
    'a section without a value',
    'gateway:\n  enabled: true',
    'gateway:',
    '40:1  gateway: has no value, must be a set of fields',
  ],
  [
    'yes',
    'enabled: true',
    'enabled: yes',
    '41:3  gateway.enabled: "yes" is text, must be true or false: write true',
  ],
  [
    'a reader that is not in a list',
    '        readers:\n          - arn',
    '        readers: arn',
    '14:9  workspaces[0].keys[0].readers: "arn:aws:iam::305611427893:role/index-builder" is not a list: put it in [ ]',
  ],
  [
    'a reader by its session',
    'arn:aws:iam::305611427893:role/index-builder',
    'arn:aws:sts::305611427893:assumed-role/index-builder/i-1',
    '15:13  workspaces[0].keys[0].readers[0]: "arn:aws:sts::305611427893:assumed-role/index-builder/i-1" is the ARN of a session: must be that of its role, arn:aws:iam::<account>:role/<path and name>',
  ],
  [
    'a workspace that does not exist',
    'workspace: search',
    'workspace: serach',
    '35:5  callers[0].workspace: unknown workspace "serach", did you mean "search"? known are "search", "assistants"',
  ],
  [
    'callers that tie',
    'role/chat-*',
    'role/engineer',
    '36:5  callers[1].principal: "arn:aws:iam::305611427893:role/engineer" matches the same callers as callers[0], as paths of roles do not count: remove one of them',
  ],
  [
    'an account that lost a digit',
    'arn:aws:iam::305611427893:role/index-builder',
    'arn:aws:iam::30561142789:role/index-builder',
    '15:13  workspaces[0].keys[0].readers[0]: "arn:aws:iam::30561142789:role/index-builder" has the account 30561142789, of 11 digits: must have the 12 digits of an account',
  ],
  [
    'all models in a list',
    'models: [mistral-small-latest, mistral-embed]',
    "models: ['*']",
    '9:14  workspaces[0].models[0]: "*" has a "*", and models are listed by their exact names: to allow all, write "*" without a list',
  ],
  [
    'models by a pattern',
    'models: [mistral-small-latest, codestral-latest]',
    'models: [mistral-*]',
    '28:14  roles.engineer.models[0]: "mistral-*" has a "*", and models are listed by their exact names: to allow all, write "*" without a list',
  ],
  [
    'JSON with three mistakes',
    EVERYTHING,
    '{\n\t"workspaces": [\n\t\t{ "name": "a b", "id": "x", "id": "y",\n\t\t\t"budgets": { "dailyUsd": "50" }, "team": "a", "requestsPerMinute": 60, "models": "*",\n\t\t\t"ownerUserId": "5b1e9f77-2a0c-4d38-9c64-7e8f0a1b2c03" }\n\t]\n}\n',
    '3:5  workspaces[0].name: "a b" must be 1 to 64 letters, digits, "-" or "_", starting with a letter or digit',
    '3:31  workspaces[0].id: is there twice, first in line 3: keep one of them',
    '3:31  workspaces[0].id: "y" must be a UUID such as 3f2b6f0e-7f0a-4d53-9a39-0b7a51c0d9c1',
    '4:17  workspaces[0].budgets.dailyUsd: "50" is text because of its quotes: write 50',
  ],
];

function linesOf(text: string): readonly string[] {
  try {
    checkSource(policySource(Buffer.from(text), 'governance.yaml'));
    return [];
  } catch (error) {
    const [, ...lines] = String(error).split('\n');
    return lines.map((line) => line.replace(/^ {2}governance\.yaml:/, ''));
  }
}

test('the policy that is broken below is valid', () => {
  expect(linesOf(SEARCH_POLICY)).toEqual([]);
});

test.each(BROKEN.map(([what, ...row]) => ({ what, row })))('$what', ({ row }) => {
  const [from, to, ...lines] = row;
  const text = SEARCH_POLICY.replace(from, () => to);
  expect(text).not.toBe(SEARCH_POLICY);
  expect(linesOf(text)).toEqual(lines);
});
