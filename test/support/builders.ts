import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ManagedKey } from '../../governance/keys/managed-key.js';
import type { RemovedKey, ReplacedKey } from '../../governance/keys/retirement.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import type { Log } from '../../governance/platform/log.js';
import { parsePolicy } from '../../governance/policy/parse-policy.js';
import type { Policy } from '../../governance/policy/policy.js';
import { problemText } from '../../governance/policy/policy-problem.js';

const SHIPPED = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8');

/** The shipped `governance.yaml` as parsed YAML, fresh for every caller, before any check. */
export function policyDocument() {
  return parse(SHIPPED);
}

/** As many as an organization of the largest kind may have, each with these keys. */
export function useTwoHundredWorkspaces(
  document: ReturnType<typeof policyDocument>,
  keysOf: (workspace: number) => readonly object[],
): void {
  const [model] = document.workspaces;
  document.workspaces = Array.from({ length: 200 }, (_, i) => ({
    ...model,
    name: `workspace-${i}`,
    id: `6c1f0a0e-52f4-4f8e-9d43-${String(i).padStart(12, '0')}`,
    keys: keysOf(i),
  }));
  document.callers = [];
}

/** Multiplies the prices of the models that the shipped policy's developers use: a cent is soon spent. */
export function usePricesTimes(factor: number, document: ReturnType<typeof policyDocument>): void {
  const price = (input: number, output: number) => ({
    inputPerMillionTokens: input * factor,
    outputPerMillionTokens: output * factor,
  });
  document.prices = {
    ...document.prices,
    models: { 'mistral-small-2603': price(0.15, 0.6), 'codestral-2508': price(0.3, 0.9) },
  };
}

/** A valid policy: the shipped one, changed as the test needs. */
export function aPolicy(
  change: (document: ReturnType<typeof policyDocument>) => void = () => {},
): Policy {
  const document = policyDocument();
  change(document);
  const parsed = parsePolicy(document);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemText).join('\n'));
  return parsed.policy;
}

/** A managed key as a secret version holds it; its plaintext is recognizable wherever it leaks. */
export function aManagedKey(keyId: string, change: Partial<ManagedKey> = {}): ManagedKey {
  return {
    apiKey: new ApiKey(`plaintext-of-${keyId}`),
    keyId,
    workspace: 'dev-workspace',
    workspaceId: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    expiresAt: '2026-04-22',
    ...change,
  };
}

/** A retirement of key `old` (version v1) after `new` (version v2) was promoted. */
export function aRetirement(change: Partial<ReplacedKey> = {}): ReplacedKey {
  return {
    reason: 'replaced',
    secretId: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:mistral/dev-workspace/k-AbCdEf',
    secretName: 'mistral/dev-workspace/dev-team-key',
    workspace: 'dev-workspace',
    oldKeyId: 'old',
    newKeyId: 'new',
    oldVersionId: 'v1',
    newVersionId: 'v2',
    promotedAt: '2026-04-01T10:00:00.000Z',
    checkAt: '2026-04-03T01:00:00.000Z',
    rules: { quietDays: 1, maxDrainDays: 7, onDrainTimeout: 'hold' },
    ...change,
  };
}

/** A retirement of key `old` (version v1) after it left the policy. */
export function aRemoval(change: Partial<RemovedKey> = {}): RemovedKey {
  const { newKeyId: _, newVersionId: __, ...retirement } = aRetirement();
  return { ...retirement, reason: 'removed', ...change };
}

/** A secret whose labels are on the versions given. */
export function aSecret(stagesByVersion: SecretState['stagesByVersion']): SecretState {
  const { secretId: arn, secretName: name } = aRetirement();
  return {
    arn,
    name,
    rotationEnabled: true,
    stagesByVersion,
    createdAt: new Date('2026-01-01T00:00:00Z'),
    lastRotatedAt: undefined,
    nextRotationAt: undefined,
  };
}

/** Takes every line and keeps none. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };

/** The shipped policy without the Admin API, and without the keys of a gateway. */
export function anOperatorPolicy(
  change: (document: ReturnType<typeof policyDocument>) => void = () => {},
): Policy {
  return aPolicy((document) => {
    document.mistral = { keySource: 'operator' };
    document.gateway = { enabled: false };
    change(document);
  });
}
