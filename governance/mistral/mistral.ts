import type { IsoDate } from '../platform/utc-day.js';
import type { NamedModel } from '../prices/price-list.js';
import type { ApiKey } from './api-key.js';

/** A key as Mistral lists it: everything but the key itself. */
export interface ListedKey {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string | undefined;
  readonly workspaceName: string | undefined;
  readonly createdAt: Date | undefined;
  /** The user or the API key that created it, as Mistral names them. */
  readonly createdBy?: string | undefined;
  /** The last day on which Mistral accepts the key. */
  readonly expiresOn: IsoDate | undefined;
  /** Mistral reports the day, not the time; `undefined` where the key was never used. */
  readonly lastUsedOn: IsoDate | undefined;
  /** The beginning and the end of the key, as Mistral shows it: to compare with a key, and for nothing else. */
  readonly hiddenKey?: string | undefined;
}

/** A key just created: the only time that Mistral shows it. */
export interface CreatedKey extends Pick<ListedKey, 'id' | 'createdAt' | 'expiresOn'> {
  readonly apiKey: ApiKey;
}

export interface MistralWorkspace {
  readonly id: string;
  readonly name: string;
  /** Mistral suspends the workspace there until the month ends; absent where it has none. */
  readonly monthlyLimit?: { readonly amount: number; readonly currency: string | undefined };
}

export interface MistralModel extends NamedModel {
  /** When Mistral stops serving the model, if it said so. */
  readonly deprecatedAt: Date | undefined;
  readonly replacement: string | undefined;
}

/** Whether Mistral accepts a key, and what it may use then. */
export type KeyProbe =
  | { readonly kind: 'accepted'; readonly models: readonly MistralModel[] }
  | { readonly kind: 'rejected'; readonly status: 401 | 403 };
