import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { labelled } from '../../testing/fakes/secret-store.js';
import { createWorld, type WorldOptions } from '../../testing/world.js';
import { isLocal, openBash, stepsOf } from './alert-commands.js';
import { aPolicy, silentLog } from './builders.js';
import { definitionFor } from './definition.js';
import { dayOf, SECRET, START } from './stories.js';

const HOUR_MS = 3_600_000;
let dynamo: LocalDynamo;
let tables = 0;

/** For the worlds of one file. */
export function shareDynamo(): void {
  beforeAll(async () => {
    dynamo = await startLocalDynamo();
  });
  afterAll(() => dynamo.close());
}

export const ONE_KEY = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});

/** A deployed system with one key, and on-call's shell in its account. */
export async function openWorld(options: Partial<WorldOptions> = {}) {
  tables += 1;
  const tableName = `records-${tables}`;
  await dynamo.createTable(tableName);
  const policy = options.policy ?? ONE_KEY;
  const world = await createWorld({
    definition: options.definition ?? definitionFor(policy),
    dynamo,
    tableName,
    start: START,
    youngSeconds: 0,
    log: silentLog,
    ...options,
    policy,
  });
  onTestFinished(() => world.close());
  const bash = openBash(world.url);
  const secret = () => world.secrets.find(SECRET);
  const operation = (name: string, input: object) =>
    world.secrets.operations[name]?.({ SecretId: SECRET, ...input });
  const versionAt = (stage: string) => labelled(secret(), stage)?.id;

  return {
    ...world,
    secret,
    operation,
    versionAt,
    pass: (hours: number) =>
      world.clock.playUntil(new Date(world.clock.now().getTime() + hours * HOUR_MS)),
    /** By hand: `aws secretsmanager update-secret-version-stage`. */
    move: (VersionStage: string, MoveToVersionId: string | undefined) =>
      operation('UpdateSecretVersionStage', {
        VersionStage,
        MoveToVersionId,
        RemoveFromVersionId: versionAt(VersionStage),
      }),
    /** In the console: another value. */
    paste: (SecretString: string) => operation('PutSecretValue', { SecretString }),
    currentKey: () => JSON.parse(labelled(secret(), 'AWSCURRENT')?.value ?? '{}'),
    lastAlert(title: string) {
      const sent = world.inbox.messages.filter(({ subject }) => subject.includes(title));
      const alert = sent.at(-1);
      if (!alert) throw new Error(`no alert says ${title}`);
      return alert;
    },
    /** Runs what can be run here, and lets happen what follows. Returns how many commands that were. */
    async follow(commands: readonly (string | undefined)[]): Promise<number> {
      const local = commands.filter((command) => command !== undefined).filter(isLocal);
      for (const command of local) {
        await bash(command);
        await world.clock.playUntil(world.clock.now());
      }
      return local.length;
    },
  };
}

export type OpenWorld = Awaited<ReturnType<typeof openWorld>>;

/** A key of ours that works is current, and no label keeps the next rotation from starting. */
export function expectHealthy(world: OpenWorld): void {
  const { keyId } = world.currentKey();
  expect(world.mistral.keys.isAccepted(keyId)).toBe(true);
  expect(world.versionAt('AWSPENDING')).toBeUndefined();
}

export async function deployed(options: Partial<WorldOptions> = {}): Promise<OpenWorld> {
  const world = await openWorld(options);
  await world.provision();
  await world.clock.playUntil(dayOf(1));
  return world;
}

/** As an older version of this product, or a person, has left it. */
export const leavePending = (world: OpenWorld, stage: string) =>
  world.move('AWSPENDING', world.versionAt(stage));

/** A rotation that has got no further than its first step. */
export function beginAnother(world: OpenWorld): void {
  const stages = new Set(['AWSPENDING']);
  const version = { id: 'empty', createdAt: world.clock.now(), value: undefined, stages };
  world.secret().versions.set('empty', version);
}

export function commandsOf(world: OpenWorld, title: string): readonly (string | undefined)[] {
  return stepsOf(world.lastAlert(title)).map(({ command }) => command);
}

/** The commands that the audit gives about the secret now, each once. */
export async function commandsFound(world: OpenWorld): Promise<Map<string, string>> {
  const { findings } = await world.audit();
  return new Map(
    findings
      .filter(({ evidence }) => evidence.secret === SECRET)
      .map(({ type, nextCommand }) => [type, nextCommand]),
  );
}
