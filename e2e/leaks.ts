import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { collect } from '../governance/platform/collect.js';
import { historyOf, listRetirements } from './executions.js';
import { claim, claimSame } from './report.js';
import type { Scene } from './scene.js';

/** No key there ever was is in anything that was logged, stored, sent or recorded. */
export async function claimNoLeaks(scene: Scene): Promise<void> {
  const { mistral, alerts, shell, folder } = scene;
  const plaintexts = [...mistral.fake.keys.made.map((key) => key.plaintext), mistral.adminKey];
  const places = {
    'the log of emulator and functions': readFileSync(join(folder, 'ministack.log'), 'utf8'),
    'the tables': await tables(scene),
    'the histories of retirements': await histories(scene),
    'the alerts': JSON.stringify(alerts),
    'the evidence of the audits': await evidence(scene),
    'what commands of users left behind': readdirSync(shell.folder)
      .map((file) => readFileSync(join(shell.folder, file), 'utf8'))
      .join('\n'),
  };
  for (const [place, text] of Object.entries(places)) {
    claim(text.length > 100, `something to read in ${place}`);
    claim(!plaintexts.some((key) => text.includes(key)), `no key in ${place}`);
  }
}

async function tables({ cloud }: Scene): Promise<string> {
  const { TableNames: names = [] } = await cloud.dynamo.listTables({});
  const { dynamo: client } = cloud;
  const scans = names.map((TableName) => collect(paginateScan({ client }, { TableName })));
  return JSON.stringify((await Promise.all(scans)).flat().map(({ Items }) => Items));
}

async function histories(scene: Scene): Promise<string> {
  const histories: unknown[] = [];
  for (const { executionArn } of await listRetirements(scene)) {
    histories.push(...(await historyOf(scene, executionArn)));
  }
  return JSON.stringify(histories);
}

const KeysSchema = z.array(z.string()).nullable();
const ObjectSchema = z.object({ ContentType: z.string() });
const RUN =
  /^evidence\/(\d{4}\/\d{2}\/\d{4}-\d{2}-\d{2}\/\d{6}-[0-9a-f]{8}\/|manifests\/(?=\d{8}\.json$))/;
const TYPES: Readonly<Record<string, string>> = {
  'findings.csv': 'text/csv; charset=utf-8',
  'inventory.csv': 'text/csv; charset=utf-8',
  'inventory.json': 'application/json',
  'report.html': 'text/html; charset=utf-8',
  'manifest.json': 'application/json',
};

/** Every file that audits have stored, each with its own type. */
async function evidence({ cloud, outputs, folder }: Scene): Promise<string> {
  const bucket = outputs.EvidenceBucketName;
  const listed = await cloud.aws('s3api list-objects-v2', { bucket, query: 'Contents[].Key' });
  const keys = KeysSchema.parse(listed) ?? [];
  const nameOf = (key: string) => key.replace(RUN, '').replace(/^\d{8}(?=\.json$)/, 'manifest');
  claimSame([...new Set(keys.map(nameOf))], Object.keys(TYPES), 'five files of each audit');
  const texts: string[] = [];
  for (const key of keys) {
    const copy = join(folder, 'evidence-file');
    const given = await cloud.aws(`s3api get-object ${copy}`, { bucket, key });
    const { ContentType } = ObjectSchema.parse(given);
    claim(ContentType === TYPES[nameOf(key)], `the type of ${key}`, ContentType);
    texts.push(readFileSync(copy, 'utf8'));
  }
  return texts.join('\n');
}
