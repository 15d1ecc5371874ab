import type { Quota } from '../quotas/quota.js';

/** The models that Mistral serves, by any of their names. */
export interface ModelDirectory {
  /** The exact id behind an id or alias; `undefined` for a model that is not served. */
  resolve(name: string): string | undefined;
  /** How many tokens a prompt and its completion may have together, where known. */
  contextTokens(id: string): number | undefined;
  readonly ids: readonly string[];
}

export interface AccessRequest {
  /** As the caller wrote it: an id or an alias. */
  readonly model: string;
  /** What the caller asked for; `undefined` or `null` where it left that to us. */
  readonly maxTokens: number | null | undefined;
}

/** Codes are part of the gateway's interface: they never change their meaning. */
export type AccessRefusalCode =
  | 'unknown_caller'
  | 'unknown_role'
  | 'model_not_allowed'
  | 'max_tokens_exceeded'
  | 'max_tokens_invalid';

export interface AccessRefusal {
  readonly kind: 'refuse';
  readonly code: AccessRefusalCode;
  /** Names role, model, limit and what is allowed. */
  readonly message: string;
}

export interface AccessGrant {
  readonly kind: 'allow';
  readonly workspace: string;
  readonly role: string;
  /** The model's exact id. */
  readonly modelId: string;
  /** What the request may generate at most: to be written into it. */
  readonly maxTokens: number;
  /** The caller's tokens a day, absent where unlimited. */
  readonly dailyTokens: Quota | undefined;
}
