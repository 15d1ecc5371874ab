import { inspect } from 'node:util';
import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { AuditSummary } from '../../lambdas/nightly-audit/handler.js';
import type { World } from '../../testing/world.js';

const ValueSchema = z
  .string()
  .transform(parseJson)
  .pipe(z.object({ keyId: z.string() }));
const RetirementSchema = z.object({ oldKeyId: z.string() });

/** Watches a world for violations of the invariants. */
export interface Watch {
  /** To be called between two steps of the world. */
  look(): void;
  readonly violations: readonly string[];
}

/** The first two invariants: AWSCURRENT names a key that works, and no such key is revoked. */
export function watch(world: World): Watch {
  const violations: string[] = [];

  function currentKeys(): { secret: string; keyId: string; isVerified: boolean }[] {
    return plannedKeys(world.policy).flatMap(({ secretName }) => {
      const { versions } = world.secrets.find(secretName);
      const stored = [...versions.values()].filter(({ value }) => value !== undefined);
      const current = stored.find(({ stages }) => stages.has('AWSCURRENT'));
      if (current?.value === undefined) return [];
      const { value, stages } = current;
      const isVerified = stored.length > 1 || !stages.has('AWSPENDING');
      const keyId = keyIdIn(world, value);
      // Without the Admin API, a key's name is its id here.
      const named = world.mistral.keys.made.find(({ name }) => name === keyId);
      return [{ secret: secretName, keyId: named?.id ?? keyId, isVerified }];
    });
  }

  world.mistral.keys.onDelete = ({ id, name }) => {
    const current = currentKeys().find(({ keyId }) => keyId === id);
    if (current) violations.push(`key ${name} of ${current.secret} was revoked while current`);
  };

  return {
    violations,
    look() {
      for (const { secret, keyId, isVerified } of currentKeys()) {
        // Secrets Manager itself may promote a secret's first value, which is tested after that.
        if (!isVerified) continue;
        // What the story itself broke, the retirement has to find.
        if (world.mistral.keys.isBroken(keyId) || world.mistral.keys.isAccepted(keyId)) continue;
        violations.push(`AWSCURRENT of ${secret} names a key that does not work`);
      }
    },
  };
}

/** The third invariant: keys at Mistral that would never be revoked. */
export function forgottenKeys(world: World, audit: AuditSummary): string[] {
  const labelled = plannedKeys(world.policy).flatMap(({ secretName }) =>
    [...world.secrets.find(secretName).versions.values()].flatMap(({ value, stages }) => {
      return stages.size > 0 && value !== undefined ? [keyIdIn(world, value)] : [];
    }),
  );
  const retiring = world.executions
    .all()
    .filter(({ status }) => status === 'RUNNING')
    .map(({ input }) => RetirementSchema.parse(input).oldKeyId);
  const reported = JSON.stringify(audit.findings);
  return world.mistral.keys
    .all()
    .filter(({ id, name }) =>
      [id, name ?? id].every((one) => !labelled.includes(one) && !retiring.includes(one)),
    )
    .filter(({ id }) => !reported.includes(id))
    .map(({ name, id }) => `key ${name} (${id}) is unknown to secrets, flows and findings`);
}

/** What a value says of its key; where it has room for the key alone, whose it is at Mistral. */
function keyIdIn({ mistral }: World, value: string): string {
  const parsed = ValueSchema.safeParse(value);
  if (parsed.success) return parsed.data.keyId;
  return mistral.keys.made.find(({ plaintext }) => value.includes(plaintext))?.id ?? 'no key';
}

/** Everything that a world wrote outside its secrets. */
export function writings(
  { events, executions, inbox, objects, rotations }: World,
  items: readonly unknown[],
  log: unknown,
): string {
  const flows = executions.all().map(({ input, history }) => ({ input, history }));
  const stored = [...objects.objects.entries()];
  return JSON.stringify([log, items, flows, inbox.messages, events.events, stored, rotations]);
}

const EVENTS_OF_ALERTS: Readonly<Record<string, readonly string[]>> = {
  'rotation-succeeded': ['key-provisioned', 'key-rotated'],
  'key-revoked': ['key-retired'],
};

/** Alerts about changes of which programs will never hear: the event is neither put nor kept for later. */
export function untoldChanges({ events, inbox }: World, items: readonly unknown[]): string[] {
  const kept = JSON.stringify(items);
  return inbox.messages.flatMap(({ subject, bodies, attributes }) => {
    const types = EVENTS_OF_ALERTS[attributes.type ?? ''];
    const { threadId } = z.object({ threadId: z.string() }).parse(JSON.parse(bodies.default ?? ''));
    const isTold = types?.some((type) => {
      const id = `${threadId}/${type}`;
      const isPut = events.events.some(({ detail }) => detail.id === id);
      return isPut || (kept.includes('undelivered-events') && kept.includes(id));
    });
    return types === undefined || isTold ? [] : [`no event for the alert: ${subject}`];
  });
}

const PIECE = 8;
const HALF = PIECE / 2;

/** Every plaintext key that ever existed in this world. */
export function plaintextsOf({ mistral, secrets, policy }: World): string[] {
  const { keySource, adminKeySecret } = policy.mistral;
  const adminKey =
    keySource === 'operator' ? undefined : secrets.valueAt(adminKeySecret, 'AWSCURRENT');
  return [adminKey ?? '', ...mistral.keys.made.map(({ plaintext }) => plaintext)];
}

/**
 * The fourth invariant: the eight-character pieces of keys that show up in a text. Wherever a piece
 * is, a half of it begins at a multiple of five; the rest of a long text need not be compared.
 */
export function leaksIn(text: string, plaintexts: readonly string[]): string[] {
  const pieces = new Set(plaintexts.flatMap((plaintext) => partsOf(plaintext, PIECE)));
  const halves = new Set(plaintexts.flatMap((plaintext) => partsOf(plaintext, HALF)));
  const found = new Set<string>();
  for (let at = 0; at < text.length; at += HALF + 1) {
    if (!halves.has(text.slice(at, at + HALF))) continue;
    for (const part of partsOf(text.slice(Math.max(0, at - HALF), at + PIECE), PIECE)) {
      if (pieces.has(part)) found.add(part);
    }
  }
  return [...pieces].filter((piece) => found.has(piece));
}

/** Every part of a text that is so long. */
function partsOf(text: string, length: number): string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) =>
    text.slice(at, at + length),
  );
}

/** A log line as a logger would write it: errors with their stack, fields and causes. */
export function printed(line: unknown): unknown {
  if (line instanceof Error) return inspect(line, { depth: 10, breakLength: Infinity });
  if (typeof line !== 'object' || line === null) return line;
  return Object.fromEntries(Object.entries(line).map(([name, value]) => [name, printed(value)]));
}
