import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  paginateListSecrets,
} from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, paginateListExecutions } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { parseKeyName, tokenOf } from '../governance/policy/key-name.js';
import { REMOVED_SECRET } from './policies.js';
import { claim } from './report.js';
import { audit, type Scene } from './scene.js';

const ADMIN_SECRET = 'mistral/admin-api-key';
const ValueSchema = z.object({ apiKey: z.string(), keyId: z.string() });
const RetiringSchema = z.object({ oldKeyId: z.string() });

interface LabelledVersion {
  readonly secretName: string;
  readonly versionId: string;
  readonly stages: readonly string[];
  /** A pending version may hold none yet. */
  readonly value: z.infer<typeof ValueSchema> | undefined;
}

/** From now on, sees at each deletion at Mistral that no secret has that key in charge. */
export function watchDeletions(scene: Scene): void {
  scene.mistral.beforeDeletion = async (keyId) => {
    const inCharge = keysInCharge(await labelledVersions(scene)).filter(
      ({ value }) => value?.keyId === keyId,
    );
    scene.revokedInCharge.push(...inCharge.map(({ secretName }) => secretName));
  };
}

/** What has to be true at any moment, also right after a function was killed. */
export async function claimInvariants(scene: Scene): Promise<void> {
  const { mistral, revokedInCharge } = scene;
  claim(revokedInCharge.length === 0, 'no key revoked that is in charge', revokedInCharge);

  const versions = await labelledVersions(scene);
  const inCharge = keysInCharge(versions);
  const refused = inCharge.filter(({ value }) => !value || !mistral.accepts(value.apiKey));
  claim(
    inCharge.length > 0 && refused.length === 0,
    'a key that Mistral takes wherever one is in charge',
    refused.map(({ secretName }) => secretName),
  );
  await claimNoKeyForgotten(scene, versions);
}

/** A removed key is apart: it may be retired while its secret stays as it is. */
function keysInCharge(versions: readonly LabelledVersion[]): LabelledVersion[] {
  return versions.filter(
    ({ secretName, stages }) => stages.includes('AWSCURRENT') && secretName !== REMOVED_SECRET,
  );
}

/** Each key of ours is named by a label, about to be retired, or told by the next audit. */
async function claimNoKeyForgotten(
  scene: Scene,
  versions: readonly LabelledVersion[],
): Promise<void> {
  const named = new Set(versions.map(({ value }) => value?.keyId));
  const begun = versions.filter(({ value }) => !value).map(({ versionId }) => tokenOf(versionId));
  const retiring = await keysBeingRetired(scene);
  const told = JSON.stringify((await audit(scene)).findings);
  const forgotten = scene.mistral.fake.keys.all().filter(({ id, name }) => {
    const token = parseKeyName(name ?? '')?.token;
    if (token === undefined || named.has(id) || retiring.has(id)) return false;
    return !begun.includes(token) && !told.includes(id);
  });
  claim(
    forgotten.length === 0,
    'every key named, about to be retired or told by the audit',
    forgotten.map(({ id, name }) => ({ id, name })),
  );
}

async function labelledVersions({ cloud }: Scene): Promise<LabelledVersion[]> {
  const client = cloud.secretsManager;
  const versions: LabelledVersion[] = [];
  for await (const { SecretList = [] } of paginateListSecrets({ client }, {})) {
    for (const { Name: secretName = '' } of SecretList) {
      if (secretName === ADMIN_SECRET) continue;
      const { VersionIdsToStages = {} } = await client.send(
        new DescribeSecretCommand({ SecretId: secretName }),
      );
      for (const [versionId, stages] of Object.entries(VersionIdsToStages)) {
        if (stages.length === 0) continue;
        const value = await valueAt(client, secretName, versionId);
        versions.push({ secretName, versionId, stages, value });
      }
    }
  }
  return versions;
}

async function valueAt(
  client: Scene['cloud']['secretsManager'],
  SecretId: string,
  VersionId: string,
): Promise<LabelledVersion['value']> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId, VersionId }));
    return SecretString ? ValueSchema.parse(JSON.parse(SecretString)) : undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function keysBeingRetired({ cloud, outputs }: Scene): Promise<ReadonlySet<string>> {
  const client = cloud.stepFunctions;
  const running = {
    stateMachineArn: outputs.RetirementStateMachineArn,
    statusFilter: 'RUNNING',
  } as const;
  const keyIds = new Set<string>();
  for await (const { executions = [] } of paginateListExecutions({ client }, running)) {
    for (const { executionArn } of executions) {
      const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
      keyIds.add(RetiringSchema.parse(JSON.parse(input ?? 'null')).oldKeyId);
    }
  }
  return keyIds;
}
