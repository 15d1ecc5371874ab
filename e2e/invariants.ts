import { paginateListSecrets } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseKeyName, tokenOf } from '../governance/policy/key-name.js';
import { listRetirements } from './executions.js';
import { REMOVED_SECRET } from './policies.js';
import { claim } from './report.js';
import { audit, type Scene } from './scene.js';
import { findKey, type ManagedKey, stagesOf } from './secrets.js';

const ADMIN_SECRET = 'mistral/admin-api-key';
const RetiringSchema = z.object({ oldKeyId: z.string() });

interface LabelledVersion {
  readonly secretName: string;
  readonly versionId: string;
  readonly stages: readonly string[];
  /** A pending version may hold none yet. */
  readonly key: ManagedKey | undefined;
}

/** From now on, checks at each deletion at Mistral that the key is current in no secret. */
export function watchDeletions(scene: Scene): void {
  scene.mistral.hooks.beforeDeletion = async (keyId) => {
    const current = currentKeys(await labelledVersions(scene));
    const held = current.filter(({ key }) => key?.keyId === keyId);
    scene.revokedWhileCurrent.push(...held.map(({ secretName }) => secretName));
  };
}

/** What has to be true at any moment, also right after a function was killed. */
export async function claimInvariants(scene: Scene): Promise<void> {
  const { mistral, revokedWhileCurrent } = scene;
  claim(revokedWhileCurrent.length === 0, 'no current key revoked', revokedWhileCurrent);

  const versions = await labelledVersions(scene);
  const current = currentKeys(versions);
  const rejected = current.filter(({ key }) => !key || !mistral.accepts(key.apiKey));
  claim(
    current.length > 0 && rejected.length === 0,
    'a key that Mistral accepts wherever one is current',
    rejected.map(({ secretName }) => secretName),
  );
  await claimNoKeyForgotten(scene, versions);
}

/** A removed key is apart: it may be retired while its secret stays as it is. */
function currentKeys(versions: readonly LabelledVersion[]): LabelledVersion[] {
  return versions.filter(
    ({ secretName, stages }) => stages.includes('AWSCURRENT') && secretName !== REMOVED_SECRET,
  );
}

/** Each key of ours is named by a label, about to be retired, or reported by the next audit. */
async function claimNoKeyForgotten(
  scene: Scene,
  versions: readonly LabelledVersion[],
): Promise<void> {
  const named = new Set(versions.map(({ key }) => key?.keyId));
  const begun = versions.filter(({ key }) => !key).map(({ versionId }) => tokenOf(versionId));
  const retiring = await keysBeingRetired(scene);
  const reported = JSON.stringify((await audit(scene)).findings);
  const forgotten = scene.mistral.fake.keys.all().filter(({ id, name }) => {
    const token = parseKeyName(name ?? '')?.token;
    if (token === undefined || named.has(id) || retiring.has(id)) return false;
    return !begun.includes(token) && !reported.includes(id);
  });
  claim(
    forgotten.length === 0,
    'every key named, about to be retired or reported by the audit',
    forgotten.map(({ id, name }) => ({ id, name })),
  );
}

async function labelledVersions(scene: Scene): Promise<LabelledVersion[]> {
  const client = scene.cloud.secretsManager;
  const versions: LabelledVersion[] = [];
  for await (const { SecretList = [] } of paginateListSecrets({ client }, {})) {
    for (const { Name: secretName = '' } of SecretList) {
      if (secretName === ADMIN_SECRET) continue;
      for (const [versionId, stages] of await stagesOf(scene, secretName)) {
        if (stages.length === 0) continue;
        const key = await findKey(scene, secretName, versionId);
        versions.push({ secretName, versionId, stages, key });
      }
    }
  }
  return versions;
}

async function keysBeingRetired(scene: Scene): Promise<ReadonlySet<string>> {
  const keyIds = new Set<string>();
  for (const { executionArn } of await listRetirements(scene, 'RUNNING')) {
    const { input = '' } = await scene.cloud.stepFunctions.describeExecution({ executionArn });
    keyIds.add(RetiringSchema.parse(JSON.parse(input)).oldKeyId);
  }
  return keyIds;
}
