import type { CreatedKey, ListedKey } from '../domain/mistral.js';
import type { IsoDate } from '../domain/utc-day.js';

export interface NewKey {
  readonly name: string;
  readonly workspaceId: string;
  readonly ownerUserId: string;
  readonly expiresOn: IsoDate;
}

/** Where keys come from and go to. */
export interface KeySource {
  /** Every key of the organization, each once, however the listing shifts meanwhile; or those whose name contains `name`. */
  list(name?: string): AsyncIterable<ListedKey>;
  /** Never repeated by itself: whoever asks looks for the name first, so that no key is made twice. */
  create(key: NewKey): Promise<CreatedKey>;
  /** A key already gone counts as deleted. */
  delete(keyId: string): Promise<'deleted' | 'already gone'>;
}
