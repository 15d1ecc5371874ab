import * as z from 'zod';
import type { IsoDate } from '../platform/utc-day.js';
import type { ForeignFormat } from './secret-format.js';

/**
 * What is remembered of a version whose value has room for the key alone. It is a label of the version: written in the
 * same call as the value, read with it, and kept as long as it, also beyond the stack.
 */
export interface VersionLabel {
  readonly keyId: string;
  readonly createdAt: Date;
  readonly expiresAt: IsoDate | undefined;
  readonly format: ForeignFormat;
}

const PREFIX = 'mistral-key';
const FIELD = 'field.';
const NEVER = 'never';

const PartsSchema = z.tuple([
  z.literal(PREFIX),
  z.string().min(1),
  z.iso.datetime().transform((at) => new Date(at)),
  z.union([z.literal(NEVER).transform(() => undefined), z.iso.date()]),
  z.string().min(1),
]);

/** Secrets Manager takes 256 characters, and 20 labels on all versions of a secret together. */
export function versionLabel({ keyId, createdAt, expiresAt, format }: VersionLabel): string {
  const holds = format === 'plain' ? format : `${FIELD}${encodeURIComponent(format.jsonField)}`;
  return [
    PREFIX,
    encodeURIComponent(keyId),
    createdAt.toISOString(),
    expiresAt ?? NEVER,
    holds,
  ].join('/');
}

/** What is remembered of a version, if anything. */
export function labelOf(stages: readonly string[] | undefined): VersionLabel | undefined {
  for (const stage of stages ?? []) {
    const parts = PartsSchema.safeParse(stage.split('/'));
    if (!parts.success) continue;
    const [, keyId, createdAt, expiresAt, holds] = parts.data;
    const format = holds === 'plain' ? holds : { jsonField: decoded(holds.slice(FIELD.length)) };
    return { keyId: decoded(keyId), createdAt, expiresAt, format };
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // of a label that is not ours
  }
}

/** How many of the labels stay on versions that carry none of AWS's: more than there are retirements at once. */
const KEPT = 6;

/** The labels that are no longer needed, with their versions. */
export function outdatedLabels(
  stagesByVersion: Readonly<Record<string, readonly string[]>>,
): readonly { readonly versionId: string; readonly stage: string }[] {
  return Object.entries(stagesByVersion)
    .flatMap(([versionId, stages]) => {
      const label = labelOf(stages);
      const stage = stages.find((one) => labelOf([one]) !== undefined);
      const isNeeded = stages.some((one) => one.startsWith('AWS'));
      return label && stage !== undefined && !isNeeded ? [{ versionId, stage, label }] : [];
    })
    .sort((one, other) => other.label.createdAt.getTime() - one.label.createdAt.getTime())
    .slice(KEPT);
}
