import { inventory } from './account.js';
import type { Assembly } from './app.js';
import { COMMANDS } from './documents.js';
import { listRetirements, retired } from './executions.js';
import { callWithRaisedBudget } from './gateway.js';
import { claimNoLeaks } from './leaks.js';
import { ADDED_SECRET, LOST_SECRET, type Policies, REMOVED_SECRET, secretsOf } from './policies.js';
import { claim, claimSame } from './report.js';
import { seeRetirementsEnd } from './runbook.js';
import { audit, provisioned, type Scene } from './scene.js';
import { readKey, stagesOf } from './secrets.js';
import { hasResourcePolicy, type Resource } from './unsupported.js';

/** What outlives its stack; the second goes with a deploy that failed to make it. */
const STAYS = ['Retain', 'RetainExceptOnCreate'];
/** In the changed policy: four keys of teams and services, and the gateway's three. */
const RETAINED = [
  ['AWS::SecretsManager::Secret', 7],
  ['AWS::DynamoDB::Table', 3],
  ['AWS::KMS::Key', 1],
  ['AWS::S3::Bucket', 1],
] as const;

/** Deploys again without a change, then with another policy, and takes the app away at last. */
export async function changeAndDestroy(
  scene: Scene,
  policies: Policies,
  again: Promise<Assembly>,
  changed: Promise<Assembly>,
): Promise<void> {
  const { app, report } = scene;
  const first = secretsOf(policies.first);
  const lasting = first.filter((name) => name !== LOST_SECRET);
  const before = await keysOf(scene, lasting);

  await report.step('deployed again, and nothing changed', async () => {
    const { printed } = await app.deploy(await again);
    claim(printed.includes('(no changes)'), 'no changes', printed.slice(-500));
    claim((await keysOf(scene, lasting)) === before, 'the same keys');
  });

  await report.step('deployed with a key added, a key removed and a budget raised', async () => {
    const { printed, declared } = await app.deploy(await changed);
    claimRetained(declared);
    claim(!printed.includes('(no changes)'), 'changes');
    await provisioned(scene, policies.changed);
    claim(await works(scene, ADDED_SECRET), 'an added key that Mistral accepts');
    claim((await keysOf(scene, lasting)) === before, 'every other key as it was');
    for (const secretName of [REMOVED_SECRET, ADDED_SECRET]) {
      claim(await hasResourcePolicy(scene.cloud, secretName), `a guarded ${secretName}`);
    }
    await callWithRaisedBudget(scene);
  });
  await report.step('the removed key retired, the lost one reported', async () => {
    const executions = await listRetirements(scene);
    const removal = executions.find(({ name }) => name?.startsWith('removed-'))?.name;
    claim(removal !== undefined, 'a retirement of the removed key', executions);
    await retired(scene, removal);
    claim(!(await works(scene, REMOVED_SECRET)), 'a removed key that Mistral rejects');
    const { keyId } = await readKey(scene, REMOVED_SECRET);
    const { findings } = await audit(scene);
    const about = findings.filter((finding) => JSON.stringify(finding).includes(keyId));
    claim(about.length === 0, 'no finding about the removed key', findings);
    const orphans = findings.filter(({ type }) => type === 'orphaned');
    claim(orphans.length === 1, 'one orphan: the key whose secret is gone', findings);
  });
  await report.step('every retirement ended well', () => seeRetirementsEnd(scene));
  await report.step('no key anywhere but in Secrets Manager', () => claimNoLeaks(scene));
  await report.step('destroyed, and what must be left is left', () => destroy(scene));
}

/** What holds keys, money and evidence outlives the stack. */
function claimRetained(declared: readonly Resource[]): void {
  for (const [type, count] of RETAINED) {
    const all = declared.filter(({ Type }) => Type === type);
    const kept = all.filter(({ DeletionPolicy = '' }) => STAYS.includes(DeletionPolicy));
    claim(kept.length === count && all.length === count, `${count} ${type} that stay`, all);
  }
}

async function destroy({ cloud, app, outputs, shell }: Scene): Promise<void> {
  const before = await inventory(cloud);
  await app.destroy();
  const { secrets, tables, keys, logGroups, functions, ...others } = await inventory(cloud);
  for (const name of ['mistral/admin-api-key', REMOVED_SECRET]) {
    claim(secrets.includes(name), `${name} still there`, secrets);
  }
  await shell.paste(COMMANDS.recovery.forgetSecrets);
  const kept = await cloud.aws('secretsmanager list-secrets', { query: 'SecretList[].Name' });
  claimSame(kept as string[], ['mistral/admin-api-key'], 'no secret whose name a deploy needs');
  claim(tables.length === 3 && keys.length === 1, 'three tables and a key', { tables, keys });
  claimSame(tables, before.tables, 'all tables');
  claimSame(keys, before.keys, 'the encryption key');
  await cloud.aws('s3api head-bucket', { bucket: outputs.EvidenceBucketName });
  claimSame(functions, [], 'no function');
  for (const [kind, left] of Object.entries(others)) claimSame(left, [], `no ${kind}`);
  // Lambda makes a log group of its own for the CDK's custom resource, which no stack owns.
  const ours = logGroups.filter((name) => !name.startsWith('/aws/lambda/'));
  claimSame(ours, [], 'no log groups');
}

async function works(scene: Scene, secretName: string): Promise<boolean> {
  const { apiKey } = await readKey(scene, secretName);
  return (await scene.mistral.statusFor(apiKey)) === 200;
}

/** The current keys, and every version: no other rotation may even have begun. */
async function keysOf(scene: Scene, secretNames: readonly string[]): Promise<string> {
  const secrets = secretNames.map(async (name) => {
    const { keyId } = await readKey(scene, name);
    return [keyId, await stagesOf(scene, name)];
  });
  return JSON.stringify(await Promise.all(secrets));
}
