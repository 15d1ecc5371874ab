import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert } from '../../../governance/alerts/alert.js';
import { createAlertPublisher } from '../../../governance/alerts/alert-publisher.aws.js';
import { createEventBus } from '../../../governance/alerts/event-bus.aws.js';
import type { StateEvent } from '../../../governance/alerts/state-event.js';
import { createUndeliveredEvents } from '../../../governance/alerts/undelivered-events.aws.js';
import { localAws } from '../../../testing/aws.js';
import { type LocalDynamo, startLocalDynamo } from '../../../testing/dynamo.js';
import { answerAwsJson } from '../../../testing/fakes/aws-json.js';
import { createFakeEventBus, type PutEvent } from '../../../testing/fakes/event-bus.js';
import { jsonAnswer, serveHttp } from '../../../testing/fakes/http-server.js';
import { aPolicy } from '../../support/builders.js';

const AT = new Date('2026-11-29T10:00:00Z');
const TABLE = 'events-test';
const ORIGIN = { account: '111122223333', region: 'eu-west-1', stack: 'MistralGovernance' };

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startLocalDynamo();
  await dynamo.createTable(TABLE);
});
afterAll(() => dynamo.close());

interface Setup {
  readonly rejects?: (event: PutEvent) => string | undefined;
  /** Calls that fail as a whole. */
  readonly isDown?: () => boolean;
  readonly keeps?: boolean;
}

async function aBus({ rejects, isDown = () => false, keeps = true }: Setup = {}) {
  await dynamo.clear(TABLE);
  const fake = createFakeEventBus(rejects);
  let calls = 0;
  const server = await serveHttp(async (call) => {
    if (call.headers['x-amz-target']?.startsWith('DynamoDB')) return dynamo.answer(call);
    if (!call.headers['x-amz-target']?.startsWith('AWSEvents')) return { status: 500, body: '' };
    calls += 1;
    return isDown()
      ? jsonAnswer(400, { __type: 'ThrottlingException', message: 'slow down' })
      : answerAwsJson(call, fake.operations);
  });
  const aws = { ...localAws(server.url), maxAttempts: 1 };
  const logged: unknown[] = [];
  const log = { info() {}, warn() {}, error: (...line: unknown[]) => void logged.push(line) };
  const bus = createEventBus({
    client: new EventBridgeClient(aws),
    busName: 'governance',
    origin: ORIGIN,
    ...(keeps && { undelivered: createUndeliveredEvents(new DynamoDBClient(aws), TABLE) }),
    log,
    sleep: async () => {},
  });
  return { bus, fake, aws, logged, calls: () => calls, close: () => server.close() };
}

function retired(id: number | string, summary = 'Revoked replaced key'): StateEvent {
  return {
    id: `rotation-v${id}/key-retired`,
    at: AT,
    workspace: 'dev-workspace',
    threadId: `rotation-v${id}`,
    severity: 'info',
    summary,
    change: {
      type: 'key-retired',
      secretName: 'mistral/dev-workspace/dev-team-key',
      secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x',
      keyId: 'key-1',
      reason: 'replaced',
      replacedBy: 'key-2',
    },
  };
}

const many = Array.from({ length: 23 }, (_, number) => retired(number));
const ids = (events: readonly PutEvent[]) => events.map(({ detail }) => detail.id).sort();
const allIds = many.map(({ id }) => id).sort();

test('an event has source, type, detail, secret and time as rules expect them', async () => {
  const { bus, fake, close } = await aBus();
  await bus.send([retired(1)]);
  await close();
  expect(fake.events).toEqual([
    {
      bus: 'governance',
      detailType: 'Key Retired',
      resources: ['arn:aws:secretsmanager:eu-west-1:111122223333:secret:x'],
      time: AT,
      detail: {
        version: 1,
        id: 'rotation-v1/key-retired',
        type: 'key-retired',
        at: AT.toISOString(),
        workspace: 'dev-workspace',
        threadId: 'rotation-v1',
        severity: 'info',
        summary: 'Revoked replaced key',
        origin: ORIGIN,
        secretName: 'mistral/dev-workspace/dev-team-key',
        secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x',
        keyId: 'key-1',
        reason: 'replaced',
        replacedBy: 'key-2',
      },
    },
  ]);
});

describe('delivery is at least once', () => {
  test('of more events than one call takes', async () => {
    const { bus, fake, calls, close } = await aBus();
    await bus.send(many);
    await close();
    expect(ids(fake.events)).toEqual(allIds);
    expect(calls()).toBe(3);
  });

  test('of events too large together for one call, and of one too large by itself', async () => {
    const { bus, fake, close } = await aBus();
    const large = retired('large', '🔑'.repeat(200_000));
    const evidence = Object.fromEntries(
      Array.from({ length: 300 }, (_, n) => [`fact ${n}`, 'é'.repeat(3_000)]),
    );
    const finding: StateEvent = {
      ...retired('finding'),
      change: {
        type: 'finding-opened',
        openedOn: '2026-11-29',
        finding: {
          id: 'stale#x#y',
          type: 'stale',
          subject: 'y',
          summary: 'unused',
          evidence,
          since: '2026-11-01',
          nextStep: 'look',
          nextCommand: 'true',
        },
      },
    };
    await bus.send([large, finding, finding, large]);
    await close();
    expect(fake.events).toHaveLength(4);
  });

  test('where a call takes some entries and rejects others, which alone are sent again', async () => {
    const seen = new Map<string, number>();
    const { bus, fake, calls, close } = await aBus({
      rejects({ detail: { id } }) {
        seen.set(id, (seen.get(id) ?? 0) + 1);
        return id.includes('v2') && seen.get(id) === 1 ? 'ThrottlingException' : undefined;
      },
    });
    await bus.send(many);
    await close();
    expect(ids(fake.events)).toEqual(allIds);
    expect(calls()).toBe(3 + 2); // v2 is in the first call, v20 to v22 in the third
    expect(Math.max(...seen.values())).toBe(2);
  });

  test.each([
    ['is throttled as a whole', { isDown: (down: boolean) => down }],
    ['rejects every entry', { rejects: (down: boolean) => (down ? 'InternalFailure' : undefined) }],
  ])(
    'where the bus %s for a while',
    async (_what, {
      isDown,
      rejects,
    }: {
      isDown?: (down: boolean) => boolean;
      rejects?: (down: boolean) => string | undefined;
    }) => {
      let down = true;
      const { bus, fake, logged, calls, close } = await aBus({
        isDown: () => isDown?.(down) ?? false,
        rejects: () => rejects?.(down),
      });
      await bus.send(many);
      expect(fake.events).toEqual([]);
      expect(logged).toHaveLength(1);
      expect(calls()).toBeLessThanOrEqual(4); // it does not try 23 events in vain

      expect(await bus.redeliver()).toBe(23);
      down = false;
      expect(await bus.redeliver()).toBe(0);
      expect(ids(fake.events)).toEqual(allIds);
      expect(await bus.redeliver()).toBe(0);
      expect(fake.events).toHaveLength(23);
      await close();
    },
  );

  test('where nothing can be kept, the sender is told of the failure', async () => {
    const { bus, close } = await aBus({ isDown: () => true, keeps: false });
    await expect(bus.send([retired(1)])).rejects.toThrow('slow down');
    await close();
    const rejecting = await aBus({ rejects: () => 'InternalFailure', keeps: false });
    await expect(rejecting.bus.send([retired(1)])).rejects.toThrow(/InternalFailure/);
    await rejecting.close();
  });
});

test('an alert about a change puts its event also where the topic does not take the alert', async () => {
  const { bus, fake, aws, close } = await aBus();
  const alerts = createAlertPublisher(
    new SNSClient(aws),
    { ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts' },
    aPolicy().alerts,
    bus,
  );
  const alert: Alert = {
    type: 'key-revoked',
    severity: 'info',
    workspace: 'dev-workspace',
    threadId: 'rotation-v1',
    at: AT,
    title: 'Revoked replaced key',
    description: '',
    facts: {},
    nextSteps: [],
    change: retired(1).change,
  };
  await expect(alerts.publish(alert)).rejects.toThrow();
  await expect(alerts.publish({ ...alert, change: undefined })).rejects.toThrow();
  await close();
  expect(ids(fake.events)).toEqual(['rotation-v1/key-retired']);
});
