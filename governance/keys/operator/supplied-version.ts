import type { IsoDate } from '../../platform/utc-day.js';

/** What is told of a supplied key where its secret's value may not be read: by its version's id. */
export interface SuppliedVersion {
  /** Makes the id its own; a UUID. */
  readonly token: string;
  /** Whether no key of the secret was verified before. */
  readonly isFirst: boolean;
  /** When the person who made the key says that it expires. */
  readonly expiresOn: IsoDate | undefined;
}

const FIRST = '-first';
const EXPIRES = '-expires-';

/** Secrets Manager takes 64 characters, of which a UUID has 36 and all of this 61. */
export function suppliedVersionId({ token, isFirst, expiresOn }: SuppliedVersion): string {
  return [token, isFirst ? FIRST : '', expiresOn ? `${EXPIRES}${expiresOn}` : ''].join('');
}

export function isFirstSupply(versionId: string): boolean {
  return new RegExp(`${FIRST}(${EXPIRES}|$)`).test(versionId);
}

export function statedExpiry(versionId: string): IsoDate | undefined {
  return new RegExp(`${EXPIRES}(\\d{4}-\\d\\d-\\d\\d)$`).exec(versionId)?.[1];
}
