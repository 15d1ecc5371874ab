import { randomUUID } from 'node:crypto';
import * as z from 'zod';

export const ById = z.object({ SecretId: z.string() });
export const GetSchema = ById.extend({
  VersionId: z.string().optional(),
  VersionStage: z.string().default('AWSCURRENT'),
});
export const PutSchema = ById.extend({
  ClientRequestToken: z.string().default(() => randomUUID()),
  SecretString: z.string(),
  VersionStages: z.array(z.string()).default(['AWSCURRENT']),
});
const TagsSchema = z.array(z.object({ Key: z.string(), Value: z.string() }));
export const SettingsSchema = z.object({
  Name: z.string(),
  Description: z.string(),
  KmsKeyId: z.string(),
  Tags: TagsSchema,
});
export const ChangeSchema = ById.extend({ Description: z.string() });
export const TagSchema = ById.extend({ Tags: TagsSchema });
export const PolicySchema = ById.extend({ ResourcePolicy: z.string().max(20_480) });
export const MoveSchema = ById.extend({
  VersionStage: z.string(),
  MoveToVersionId: z.string().optional(),
  RemoveFromVersionId: z.string().optional(),
});

export function tagsOf(tags: z.infer<typeof TagsSchema>): ReadonlyMap<string, string> {
  return new Map(tags.map(({ Key, Value }) => [Key, Value]));
}
