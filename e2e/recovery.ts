import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Assembly } from './app.js';
import { COMMANDS } from './documents.js';
import type { Parts } from './parts.js';
import { LOST_SECRET } from './policies.js';
import { claim, claimSame } from './report.js';
import type { Scene } from './scene.js';
import { readKey } from './secrets.js';
import { openShell } from './shell.js';
import { until } from './waiting.js';

const { recovery } = COMMANDS;
const SECRET = 'mistral/prod-workspace/checkout-service-key';

/** Each counter that is put back is a command of its own. */
const LOST_ITEMS = 2;

const NameSchema = z.object({ S: z.string() });
const ItemSchema = z.looseObject({ pk: NameSchema, sk: NameSchema });
type Item = z.infer<typeof ItemSchema>;
const AuditSchema = z.object({ problems: z.array(z.string()) });

/** What should stay is lost, and the commands of docs/recovery.md bring it back. */
export async function recover(scene: Scene): Promise<void> {
  const { outputs, shell } = scene;
  const records = await shell.paste('echo "$RECORDS"');
  await loseItems(scene, records, recovery.putBackRecords, ({ pk }) => pk.S.startsWith('history#'));
  await loseItems(
    scene,
    outputs.QuotaTableName,
    recovery.putBackCounters,
    (item) => 'settled' in item,
  );
  await loseTable(scene, records);
  await loseEncryptionKey(scene);
  await loseEvidence(scene);
  await loseSecret(scene);
}

/** The emulator restores what a table has now: it is restored first, and loses its items then. */
async function loseItems(
  scene: Scene,
  table: string,
  putBack: string,
  isLost: (item: Item) => boolean,
): Promise<void> {
  const { cloud, shell } = scene;
  await shell.paste(recovery.restoreItems.replace(/^TABLE=\S+/m, `TABLE=${table}`));
  const lost = (await itemsOf(scene, table)).filter(isLost).slice(0, LOST_ITEMS);
  claim(lost.length > 0, `items of ${table} to lose`);
  for (const { pk, sk } of lost) {
    await cloud.dynamo.deleteItem({ TableName: table, Key: { pk, sk } });
  }
  await shell.paste(recovery.compareItems);
  await shell.paste(putBack);
  await shell.paste(recovery.dropCopy);
  const now = new Map((await itemsOf(scene, table)).map((item) => [nameOf(item), item]));
  claimSame(
    lost.map((item) => lastingOf(now.get(nameOf(item)))),
    lost.map(lastingOf),
    'every item as it was',
  );
}

function nameOf({ pk, sk }: Item): string {
  return `${pk.S} ${sk.S}`;
}

/** Leases, and what they hold, are not put back. */
function lastingOf(item: Item | undefined): string {
  if (item === undefined) return 'nothing';
  const { pk, sk, entry, settled, expiresAt } = item;
  return JSON.stringify({ pk, sk, entry, settled, expiresAt });
}

async function itemsOf({ cloud }: Scene, TableName: string): Promise<Item[]> {
  const { Items } = await cloud.dynamo.scan({ TableName });
  return z.array(ItemSchema).parse(Items);
}

/** DynamoDB makes a backup of a table that is deleted, the emulator does not. */
async function loseTable(scene: Scene, table: string): Promise<void> {
  const { cloud, shell } = scene;
  const before = (await itemsOf(scene, table)).map(nameOf).sort();
  const TableName = table;
  await cloud.dynamo.createBackup({ TableName, BackupName: 'as if deleted' });
  await cloud.dynamo.updateTable({ TableName, DeletionProtectionEnabled: false });
  await cloud.dynamo.deleteTable({ TableName });
  await shell.paste(recovery.restoreTable.replace(/^TABLE=\S+/m, `TABLE=${table}`));
  await shell.paste(recovery.restoreSettings);
  claimSame((await itemsOf(scene, table)).map(nameOf).sort(), before, 'every item of a table');
  const { TimeToLiveDescription } = await cloud.dynamo.describeTimeToLive({ TableName });
  claim(TimeToLiveDescription?.AttributeName === 'expiresAt', 'items that expire');
}

async function loseEncryptionKey({ cloud, shell }: Scene): Promise<void> {
  const key = await shell.paste('resource AWS::KMS::Key');
  await cloud.aws('kms schedule-key-deletion', { 'key-id': key, 'pending-window-in-days': '7' });
  const before = await shell.paste(recovery.keepEncryptionKey);
  claim(before.includes('PendingDeletion'), 'a deletion that was pending', before);
  const state = await cloud.aws('kms describe-key', {
    'key-id': key,
    query: 'KeyMetadata.KeyState',
  });
  claim(state === 'Enabled', 'an encryption key that is enabled', state);
}

async function loseEvidence({ cloud, outputs, shell }: Scene): Promise<void> {
  const bucket = outputs.EvidenceBucketName;
  const key = z
    .string()
    .parse(await cloud.aws('s3api list-objects-v2', { bucket, query: 'Contents[0].Key' }));
  await cloud.aws('s3api delete-object', { bucket, key });
  const hidden = await shell.paste(recovery.hiddenEvidence);
  claim(hidden.includes(key), 'the hidden file listed', hidden);
  await shell.paste(recovery.showEvidence);
  await cloud.aws('s3api head-object', { bucket, key });
}

async function loseSecret(scene: Scene): Promise<void> {
  const { cloud, mistral, outputs, shell } = scene;
  await cloud.secretsManager.deleteSecret({ SecretId: SECRET });
  const deleted = await shell.paste(recovery.deletedSecrets);
  claim(deleted.includes(SECRET), 'the deleted secret listed', deleted);
  const { problems } = AuditSchema.parse(await cloud.invoke(outputs.AuditFunctionName, {}));
  const [problem = ''] = problems;
  claim(
    problem.startsWith(`secret ${SECRET} is being deleted`),
    'a problem of the audit',
    problems,
  );
  const labels = await shell.paste(recovery.restoreSecret);
  claim(labels.includes('AWSCURRENT'), 'the labels as before', labels);
  const { apiKey } = await readKey(scene, SECRET);
  claim((await mistral.statusFor(apiKey)) === 200, 'a restored key that Mistral accepts');

  // Gone for good: the next deploy takes its key out of the policy.
  const gone = { SecretId: LOST_SECRET, ForceDeleteWithoutRecovery: true };
  await cloud.secretsManager.deleteSecret(gone);
  const after = AuditSchema.parse(await cloud.invoke(outputs.AuditFunctionName, {}));
  const isNamed = after.problems.some((one) => one.includes(`${LOST_SECRET} does not exist`));
  claim(isNamed, 'a problem of the audit', after.problems);
}

/** The region is away: the same app in another one, by a shell of its own. */
export async function deployElsewhere(parts: Parts, assembly: Assembly): Promise<void> {
  const { app, emulator, folder, mistral } = parts;
  await parts.shell.paste(recovery.prepareRegion);
  const parent = join(folder, 'elsewhere');
  mkdirSync(parent);
  const shell = openShell(emulator, parent);
  try {
    const [settings = ''] = recovery.prepareRegion.split('\n');
    await shell.paste(settings);
    const outputsOf = await app.openIn(shell, assembly);
    await shell.paste(recovery.deployElsewhere);
    const { GatewayUrl } = outputsOf();
    const region = await shell.paste('echo "$OTHER_REGION"');
    claim(GatewayUrl.includes(region), `a gateway in ${region}`, GatewayUrl);
    const apiKey = await until(
      'a key of its own in the other region',
      async () => {
        const read = `aws secretsmanager get-secret-value --secret-id ${SECRET} --query SecretString --output text | jq -r .apiKey`;
        return shell.paste(read).catch(() => '');
      },
      (key) => key !== '',
    );
    claim((await mistral.statusFor(apiKey)) === 200, 'a key that Mistral accepts');
  } finally {
    await shell.close();
  }
}
