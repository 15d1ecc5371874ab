import { loadPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import { inventory } from './account.js';
import type { App, Assembly } from './app.js';
import { claimNoLeaks } from './leaks.js';
import { ADDED_SECRET, REMOVED_SECRET } from './policies.js';
import { claim } from './report.js';
import { hasResourcePolicy, RESOURCE_POLICY_NAME } from './resource-policies.js';
import { seeRetirementsEnd } from './runbook.js';
import { audit, provision, readKey, retired, retirementsNamed, type Scene } from './scene.js';
import { callWithRaisedBudget } from './traffic.js';
import type { Resource } from './unsupported.js';

/** What outlives its stack; the second goes with a deploy that failed to make it. */
const STAYS = ['Retain', 'RetainExceptOnCreate'];

export interface Changes {
  readonly app: App;
  readonly folder: string;
  readonly firstPath: string;
  readonly changedPath: string;
  /** Of the first policy once more, and of the changed one. */
  readonly again: Promise<Assembly>;
  readonly changed: Promise<Assembly>;
}

/** Deploys again without a change, then with another policy, and takes the app away at last. */
export async function changeAndDestroy(scene: Scene, changes: Changes): Promise<void> {
  const { app, folder, firstPath, changedPath, again, changed } = changes;
  const { report } = scene;
  const first = plannedKeys(loadPolicy(firstPath)).map(({ secretName }) => secretName);
  const before = await keyIds(scene, first);

  await report.step('deployed again, and nothing changed', async () => {
    const { printed } = await app.deploy(await again);
    claim(printed.includes('(no changes)'), 'no changes', printed.slice(-500));
    claim((await keyIds(scene, first)) === before, 'the same keys');
  });

  const policy = loadPolicy(changedPath);
  await report.step('deployed with a key added, a key removed and a budget raised', async () => {
    const { printed, declared } = await app.deploy(await changed);
    claimRetained(declared);
    claim(!printed.includes('(no changes)'), 'changes');
    const started = await provision(scene, policy);
    claim(started.join() === ADDED_SECRET, `a first key for ${ADDED_SECRET} alone`, started);
    claim(await works(scene, ADDED_SECRET), 'an added key that Mistral takes');
    claim((await keyIds(scene, first)) === before, 'every other key as it was');
    const policies = [REMOVED_SECRET, ADDED_SECRET].map((name) =>
      hasResourcePolicy(scene.cloud, name),
    );
    claim((await Promise.all(policies)).join() === 'true,true', 'secrets that stay guarded');
    await callWithRaisedBudget(scene);
  });
  await report.step('the removed key retired, and no orphan', async () => {
    const [removal = ''] = await retirementsNamed(scene, 'removed-');
    await retired(scene, removal);
    claim(!(await works(scene, REMOVED_SECRET)), 'a removed key that Mistral refuses');
    const { keyId } = await readKey(scene, REMOVED_SECRET);
    const { findings } = await audit(scene);
    const about = findings.filter((finding) => JSON.stringify(finding).includes(keyId));
    claim(about.length === 0, 'nothing to find about the removed key', findings);
  });
  await report.step('every retirement ended well', () => seeRetirementsEnd(scene));
  await report.step('no key anywhere but in Secrets Manager', () => claimNoLeaks(scene, folder));
  await report.step('destroyed, and what must be left is left', () => destroy(scene, app));
}

/** What holds keys, money and evidence outlives the stack. */
function claimRetained(declared: readonly Resource[]): void {
  for (const [type, count] of RETAINED) {
    const kept = declared.filter(
      ({ Type, DeletionPolicy = '' }) => Type === type && STAYS.includes(DeletionPolicy),
    );
    const all = declared.filter(({ Type }) => Type === type);
    claim(kept.length === count && all.length === count, `${count} ${type} that stay`, all);
  }
}

/** In the changed policy: four keys of teams and services, and the gateway's three. */
const RETAINED = [
  ['AWS::SecretsManager::Secret', 7],
  ['AWS::DynamoDB::Table', 2],
  ['AWS::KMS::Key', 1],
  ['AWS::S3::Bucket', 1],
] as const;

async function destroy(scene: Scene, app: App): Promise<void> {
  const before = await inventory(scene.cloud);
  await app.destroy();
  const { secrets, tables, keys, logGroups, functions, ...others } = await inventory(scene.cloud);
  for (const name of ['mistral/admin-api-key', REMOVED_SECRET]) {
    claim(secrets.includes(name), `${name} still there`, secrets);
  }
  claim(tables.join() === before.tables.join() && tables.length === 2, 'both tables', tables);
  claim(keys.join() === before.keys.join() && keys.length === 1, 'the encryption key', keys);
  const bucket = scene.outputs.EvidenceBucketName;
  await scene.cloud.aws('s3api', 'head-bucket', '--bucket', bucket);
  claim(functions.join() === RESOURCE_POLICY_NAME, 'no function but of this run', functions);
  for (const [kind, left] of Object.entries(others)) claim(left.length === 0, `no ${kind}`, left);
  // Lambda makes a log group of its own for the CDK's custom resource, which no stack owns.
  const ours = logGroups.filter((name) => !name.startsWith('/aws/lambda/'));
  claim(ours.length === 0, 'no log groups', ours);
}

async function works(scene: Scene, secretName: string): Promise<boolean> {
  const { apiKey } = await readKey(scene, secretName);
  return (await scene.mistral.statusFor(apiKey)) === 200;
}

async function keyIds(scene: Scene, secretNames: readonly string[]): Promise<string> {
  const values = await Promise.all(secretNames.map((name) => readKey(scene, name)));
  return values.map(({ keyId }) => keyId).join();
}
