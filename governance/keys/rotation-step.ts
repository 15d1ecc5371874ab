import * as z from 'zod';
import type { Alert } from '../alerts/alert.js';
import type { KeySource } from '../mistral/key-source.js';
import { UnknownSecretError } from '../platform/errors.js';
import { type PlannedKey, plannedKeyOf } from '../policy/planned-keys.js';
import type { KeyDeps } from './key-deps.js';
import type { RotationCounts } from './outcome-counts.js';
import type { SecretState } from './rotation.js';
import type { SecretVersions } from './secret-versions.aws.js';

/** What it takes to promote a key, however it was created. */
export interface FinishDeps
  extends Pick<KeyDeps, 'policy' | 'retirements' | 'alerts' | 'journal' | 'log' | 'now'> {
  readonly secrets: SecretVersions;
  readonly counts: RotationCounts;
  /** Finds out whether a current key still works. @default none: in operator mode, no function can */
  readonly inspector?: KeyDeps['inspector'] | undefined;
}

export interface RotationDeps extends FinishDeps, Pick<KeyDeps, 'sleep'> {
  readonly inspector: KeyDeps['inspector'];
  readonly keySource: KeySource;
}

/** One rotation of one secret, as a step of it sees it. */
export interface Rotation {
  readonly secret: SecretState;
  /** The version this rotation makes: Secrets Manager's ClientRequestToken. */
  readonly versionId: string;
  readonly rotationToken: string | undefined;
  readonly planned: PlannedKey;
  /** Whether the current key has leaked, so that it is revoked without waiting. */
  readonly isCompromised: boolean;
  readonly remainingMs: () => number;
}

const RotationEventSchema = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string().min(1),
  ClientRequestToken: z.string().min(1),
  RotationToken: z.string().optional(),
  /** Ours, from the command line: Secrets Manager has no such field. */
  Compromised: z.boolean().default(false),
});

export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** What an event asks for, and the state of its secret. @throws UnknownSecretError */
export async function openRotation(
  { secrets, policy }: Pick<KeyDeps, 'secrets' | 'policy'>,
  event: unknown,
  context: InvocationContext,
): Promise<{ step: z.infer<typeof RotationEventSchema>['Step']; rotation: Rotation }> {
  const { Step, SecretId, ClientRequestToken, RotationToken, Compromised } =
    RotationEventSchema.parse(event);
  const secret = await secrets.describe(SecretId);
  const planned = plannedKeyOf(policy, secret.name);
  if (!planned) {
    throw new UnknownSecretError(
      `secret "${secret.name}" is not a key of the policy: add it there or cancel its rotation`,
    );
  }
  const rotation = {
    secret,
    versionId: ClientRequestToken,
    rotationToken: RotationToken,
    planned,
    isCompromised: Compromised,
    remainingMs: () => context.getRemainingTimeInMillis(),
  };
  return { step: Step, rotation };
}

type NotifyDeps = Pick<KeyDeps, 'alerts' | 'journal' | 'log'>;

/** Publishes and records. What fails of it is logged: it must not undo or repeat a rotation. */
export async function notify(deps: NotifyDeps, secretName: string, alert: Alert): Promise<void> {
  await publish(deps, secretName, alert);
  await deps.journal.record(secretName, alert).catch((error: unknown) => {
    deps.log.error('history not written', { type: alert.type, secret: secretName, error });
  });
}

/** The same, once for all attempts at one version. Without the history, twice is better than never. */
export async function notifyOnce(
  deps: NotifyDeps,
  secretName: string,
  alert: Alert,
): Promise<void> {
  const isNew = await deps.journal.recordOnce(secretName, alert).catch((error: unknown) => {
    deps.log.error('history not written', { type: alert.type, secret: secretName, error });
    return true;
  });
  if (isNew) await publish(deps, secretName, alert);
}

async function publish({ alerts, log }: NotifyDeps, secret: string, alert: Alert): Promise<void> {
  await alerts.publish(alert).catch((error: unknown) => {
    log.error('alert not sent', { type: alert.type, secret, error });
  });
}
