import type { IsoDate } from '../platform/utc-day.js';

const CREATED_KEY = /^(?<key>.+)-(?<day>\d{8})-(?<token>[0-9a-z]{8})$/;

/** The name at Mistral of the key that one rotation creates: day and token make it that rotation's own. */
export function createdKeyName(key: string, rotationStartedOn: IsoDate, versionId: string): string {
  return `${key}-${rotationStartedOn.replaceAll('-', '')}-${tokenOf(versionId)}`;
}

/** The rotation that created a key, read from its name; `undefined` for a key that is not ours. */
export function parseKeyName(name: string): { key: string; token: string } | undefined {
  const { key, token } = CREATED_KEY.exec(name)?.groups ?? {};
  return key && token ? { key, token } : undefined;
}

/** The part of a secret version's id (a rotation's token) that key names carry. */
export function tokenOf(versionId: string): string {
  return versionId.slice(0, 8).toLowerCase();
}

/** By token: the day in the name is that of the first attempt, and a retry may come after midnight. */
export function isKeyOf(name: string, key: string, versionId: string): boolean {
  const parsed = parseKeyName(name);
  return parsed?.key === key && parsed.token === tokenOf(versionId);
}
