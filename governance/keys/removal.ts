import * as z from 'zod';
import type { Policy } from '../policy/policy.js';
import { firstCheckAt, type RemovedKey, retirementRules } from './retirement.js';
import type { SecretState } from './rotation.js';

/** What is remembered of a managed secret, so that its key is retired once the policy drops it. */
export const RegisteredSecretSchema = z.object({
  secretName: z.string().min(1),
  workspace: z.string().min(1),
  /** When a deploy last found it in the policy. */
  plannedAt: z.iso.datetime(),
});

export type RegisteredSecret = Readonly<z.infer<typeof RegisteredSecretSchema>>;

/**
 * The name of the flow that retires a version's key: the same however often one removal is handled,
 * another one after the key was back in the policy.
 */
export function removalName({ plannedAt }: RegisteredSecret, versionId: string): string {
  // Step Functions takes 80 characters, and a version's id alone has up to 64.
  const seconds = Math.floor(Date.parse(plannedAt) / 1000).toString(36);
  return `removed-${seconds}-${versionId}`;
}

/**
 * The versions whose keys nothing else will revoke. What was in charge before is AWSPREVIOUS, which
 * the flow of the rotation retires that replaced it.
 */
export function versionsToRetire({ stagesByVersion }: SecretState): readonly string[] {
  return Object.entries(stagesByVersion)
    .filter(([, stages]) => stages.includes('AWSCURRENT') || stages.includes('AWSPENDING'))
    .map(([versionId]) => versionId);
}

export function planRemoval(
  rotation: Policy['rotation'],
  { workspace }: RegisteredSecret,
  { arn, name }: SecretState,
  key: { readonly keyId: string; readonly versionId: string },
  removedAt: Date,
): RemovedKey {
  return {
    reason: 'removed',
    secretId: arn,
    secretName: name,
    workspace,
    oldKeyId: key.keyId,
    oldVersionId: key.versionId,
    promotedAt: removedAt.toISOString(),
    checkAt: firstCheckAt(removedAt, rotation),
    rules: retirementRules(rotation),
  };
}
