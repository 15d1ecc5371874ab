import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { claim } from './report.js';
import type { Scene } from './scene.js';

const ListSchema = z.object({ Contents: z.array(z.object({ Key: z.string() })).default([]) });
const ObjectSchema = z.object({ ContentType: z.string() });

const NIGHT = /^evidence\/\d{4}\/\d{2}\/\d{4}-\d{2}-\d{2}\//;
const FILES: Readonly<Record<string, string>> = {
  'findings.csv': 'text/csv; charset=utf-8',
  'inventory.csv': 'text/csv; charset=utf-8',
  'inventory.json': 'application/json',
  'report.html': 'text/html; charset=utf-8',
};

/** Everything that the audits left of their nights. */
export async function keptEvidence({ cloud, outputs }: Scene, folder: string): Promise<string> {
  const bucket = ['--bucket', outputs.EvidenceBucketName];
  const { Contents } = ListSchema.parse(await cloud.aws('s3api', 'list-objects-v2', ...bucket));
  const names = Contents.map(({ Key }) => Key.replace(NIGHT, ''));
  claim([...new Set(names)].sort().join() === Object.keys(FILES).join(), 'four files', names);
  const texts: string[] = [];
  for (const { Key } of Contents) {
    const copy = join(folder, 'evidence-file');
    const got = await cloud.aws('s3api', 'get-object', ...bucket, '--key', Key, copy);
    const { ContentType } = ObjectSchema.parse(got);
    claim(ContentType === FILES[Key.replace(NIGHT, '')], `the type of ${Key}`, ContentType);
    texts.push(readFileSync(copy, 'utf8'));
  }
  return texts.join('\n');
}
