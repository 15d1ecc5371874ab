import { S3Client } from '@aws-sdk/client-s3';
import {
  createEvidenceArchive,
  type EvidenceArchive,
} from '../../governance/audit/evidence-store.aws.js';
import type { Cli, CommonOptions } from '../cli.js';
import { awsClientOptions } from '../mistral.js';

/** Any bucket with evidence, also one of a stack that is gone. */
export async function openBucketArchive(
  { outbound }: Pick<Cli, 'outbound'>,
  options: CommonOptions,
  bucketName: string,
): Promise<EvidenceArchive> {
  const aws = awsClientOptions(options, await outbound());
  // Every S3 takes the bucket's name in the path; AWS's own alone also takes it in the host.
  const client = new S3Client({ ...aws, forcePathStyle: true });
  return createEvidenceArchive(client, bucketName);
}
