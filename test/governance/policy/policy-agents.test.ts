import { describe, expect, test } from 'vitest';
import { agentWarnings } from '../../../governance/policy/agent-rules.js';
import { parsePolicy } from '../../../governance/policy/parse-policy.js';
import { problemText } from '../../../governance/policy/policy-problem.js';
import { aPolicy, policyDocument } from '../../support/builders.js';

const SEARCH = 'ag_0684fddbd2b1724980008a9c04b7ba37';
const FRENCH = 'ag:48257e6a:20240902:french-agent:7a1c5b2e';

function problems(change: (document: ReturnType<typeof policyDocument>) => void): string[] {
  const document = policyDocument();
  change(document);
  const parsed = parsePolicy(document);
  return parsed.ok ? [] : parsed.problems.map(problemText);
}

describe('agents in the policy', () => {
  const model = 'mistral-small-latest';

  test('are none unless they are named, and no role has one by itself', () => {
    const { agents, roles } = aPolicy();
    expect(agents).toEqual([]);
    expect(Object.values(roles).map((role) => role.agents)).toEqual([[], [], [], []]);
  });

  test.each([SEARCH, FRENCH])('%s is an id', (id) => {
    expect(problems((document) => (document.agents = [{ id, model }]))).toEqual([]);
  });

  test.each<[what: string, agents: unknown, used: unknown, problem: string]>([
    ['an id that is none', [{ id: 'search', model }], '*', 'agents[0].id: "search" must be the id'],
    ['an id with a slash', [{ id: 'ag_a/b', model }], '*', 'agents[0].id: "ag_a/b" must be the id'],
    ['no model', [{ id: SEARCH }], '*', 'agents[0].model: is missing'],
    [
      'a price below zero',
      [{ id: SEARCH, model, pricePerToolCall: -1 }],
      '*',
      'agents[0].pricePerToolCall: -1 is too small',
    ],
    [
      'a number of calls without a price',
      [{ id: SEARCH, model, maxToolCalls: 3 }],
      '*',
      'agents[0].maxToolCalls: 3 needs pricePerToolCall, without which no tools run at Mistral',
    ],
    [
      'one twice',
      [
        { id: SEARCH, model },
        { id: SEARCH, model },
      ],
      '*',
      `agents[1].id: "${SEARCH}" is already the id of agents[0]: each must be unique`,
    ],
    [
      'one that a role has and the policy has not',
      [{ id: SEARCH, model }],
      [FRENCH],
      `roles.developer.agents[0]: unknown agent "${FRENCH}": known are "${SEARCH}"`,
    ],
    ['one without a list', [{ id: SEARCH, model }], SEARCH, 'roles.developer.agents: '],
  ])('%s is an error', (_what, agents, used, problem) => {
    const found = problems((document) => {
      document.agents = agents;
      document.roles.developer.agents = used;
    });
    expect(found).toEqual([expect.stringContaining(problem)]);
  });
});

describe('a warning', () => {
  const warnings = (change: (document: ReturnType<typeof policyDocument>) => void) =>
    [...agentWarnings(aPolicy(change))].map(problemText);
  const agent = (model: string) => [{ id: SEARCH, model }];

  test('there is none where a role may use the agent, its model and a workspace with it', () => {
    expect(
      warnings((document) => {
        document.agents = agent('mistral-small-2603');
        document.roles.developer.agents = [SEARCH];
        document.roles.senior.agents = '*';
      }),
    ).toEqual([]);
  });

  test('of one that no role has', () => {
    expect(warnings((document) => (document.agents = agent('mistral-small-latest')))).toEqual([
      `agents[0]: "${SEARCH}" is used by no role: add it to roles.<role>.agents, or remove it`,
    ]);
  });

  test('of one whose model its role may not use', () => {
    expect(
      warnings((document) => {
        document.agents = agent('mistral-large-latest');
        document.roles.developer.agents = [SEARCH];
        document.roles.admin.agents = '*';
      }),
    ).toEqual([
      `roles.developer.agents[0]: role "developer" cannot use "${SEARCH}": its model "mistral-large-latest" is not in roles.developer.models: add it there`,
    ]);
  });

  test('of one whose model no workspace of the role has, or no role with * has', () => {
    const change = (used: unknown) => (document: ReturnType<typeof policyDocument>) => {
      document.agents = agent('mistral-large-latest');
      document.roles.developer = {
        ...document.roles.developer,
        models: '*',
        agents: used,
      };
    };
    const why =
      'its model "mistral-large-latest" is not in the models of dev-workspace: add it there';
    expect(warnings(change('*'))).toEqual([`agents[0].model: no role can use "${SEARCH}": ${why}`]);
    expect(warnings(change([SEARCH]))).toEqual([
      `roles.developer.agents[0]: role "developer" cannot use "${SEARCH}": ${why}`,
    ]);
  });

  test('of a regional address, which has no agents', () => {
    expect(
      warnings((document) => {
        document.agents = agent('mistral-small-latest');
        document.roles.developer.agents = '*';
        document.mistral.apiUrl = 'https://api.eu.mistral.ai';
      }),
    ).toEqual([expect.stringContaining('Mistral has no agents at its regional address')]);
  });
});
