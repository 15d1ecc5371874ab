import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Connection } from 'aws-cdk-lib/aws-events';
import { describe, expect, test } from 'vitest';
import {
  BudgetsInSlack,
  SecretsOfCluster,
  Tickets,
} from '../../examples/event-rules/event-rules.js';
import { entryOf, type StateEvent } from '../../governance/alerts/state-event.js';
import { detailSchema } from '../../governance/policy/event-schemas.js';
import { matchesPattern } from '../support/event-patterns.js';
import { testApp } from '../support/synth.js';

const SECRET = { secretName: 'mistral/search/index', secretArn: 'arn:aws:secretsmanager:x' };
const BUDGET = {
  window: '2026-11',
  currency: 'USD',
  limitNanos: 5,
  spentNanos: 4,
  resetsAt: '2026-12-01T00:00:00.000Z',
};
const FINDING = {
  openedOn: '2026-11-29',
  finding: {
    id: 'stale#w#k',
    type: 'stale',
    subject: 'k',
    summary: 'unused',
    evidence: {},
    since: '2026-11-01',
    nextStep: 'delete it',
    nextCommand: 'true',
  },
} as const;

/** An event as EventBridge hands it to rules. */
function event(change: StateEvent['change'], severity: StateEvent['severity'] = 'info') {
  const common = { id: 'x', at: new Date('2026-11-29T10:00:00Z'), workspace: 'search' };
  const { Source, DetailType, Detail } = entryOf(
    { ...common, threadId: 't', summary: 's', severity, change },
    { account: '111122223333', region: 'eu-west-1' },
  );
  const detail = JSON.parse(Detail);
  detailSchema(change.type).parse(detail);
  return { source: Source, 'detail-type': DetailType, detail };
}

const app = testApp();
const own = new Stack(app, 'Own');
const connection = Connection.fromEventBusArn(
  own,
  'Connection',
  'arn:aws:events:eu-west-1:111122223333:connection/tickets/1',
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:events!connection/tickets/1-abcdef',
);
const rotated = {
  type: 'key-rotated',
  ...SECRET,
  keyId: 'new',
  previousKeyId: 'old',
  versionId: 'v',
  eventOnly: false,
  firstCheckAt: '2026-12-01T01:00:00.000Z',
} as const;

/** The one rule of a stack, as deployed. */
function ruleOf(stack: Stack) {
  const rules = Object.values(Template.fromStack(stack).findResources('AWS::Events::Rule'));
  expect(rules).toHaveLength(1);
  const { EventPattern, Targets } = rules[0]?.Properties ?? {};
  return { pattern: EventPattern, targets: Targets };
}

describe('the rules of the examples', () => {
  const endpoint = 'https://tickets.example.com/api';
  test.each([
    [
      new SecretsOfCluster(app, 'Cluster'),
      [event(rotated), event({ type: 'key-provisioned', ...SECRET, keyId: 'k' })],
      [
        event({ ...rotated, secretName: 'mistral/billing/index' }),
        event({ type: 'key-retired', ...SECRET, keyId: 'k', reason: 'replaced' }),
      ],
    ],
    [
      new Tickets(app, 'Tickets', { connection, endpoint }),
      [
        event({ type: 'finding-opened', ...FINDING }, 'critical'),
        event({ type: 'finding-resolved', ...FINDING, resolution: 'gone' }),
      ],
      [event({ type: 'finding-opened', ...FINDING }, 'info'), event(rotated, 'warning')],
    ],
    [
      new BudgetsInSlack(app, 'Slack', { connection, workflow: endpoint }),
      [
        event({ type: 'budget-threshold', ...BUDGET, thresholdPercent: 80 }),
        event({ type: 'budget-exhausted', ...BUDGET, requests: 'blocked' }),
      ],
      [event({ type: 'budget-threshold', ...BUDGET, thresholdPercent: 50 }), event(rotated)],
    ],
  ])('%s selects what it is for, and takes from it what is there', (stack, selected, others) => {
    const { pattern, targets } = ruleOf(stack);
    expect(selected.map((one) => matchesPattern(pattern, one))).toEqual(selected.map(() => true));
    expect(others.map((one) => matchesPattern(pattern, one))).toEqual(others.map(() => false));
    const [{ InputTransformer }] = targets;
    for (const path of Object.values<string>(InputTransformer.InputPathsMap)) {
      for (const one of selected) {
        const found = path
          .slice(2)
          .split('.')
          .reduce(
            (value: unknown, name) => (value as Record<string, unknown> | undefined)?.[name],
            one,
          );
        expect([path, typeof found]).toEqual([path, 'string']);
      }
    }
  });
});

test('the rule that the page shows selects by workspace and severity', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/events.md'), 'utf8');
  const pattern = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  expect(matchesPattern(pattern, event(rotated, 'warning'))).toBe(true);
  expect(matchesPattern(pattern, event(rotated, 'info'))).toBe(false);
});
