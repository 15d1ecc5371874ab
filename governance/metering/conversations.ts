import type { AccessGrant } from '../access/access.js';
import { isObject } from '../platform/json.js';
import type { MeteredKind } from './endpoints.js';
import type { ParsedBody } from './request-body.js';
import { RESTART_PATH } from './request-shapes.js';

/** What a conversation was started with: Mistral goes on with the same. */
export type StartedWith =
  | { readonly model: string; readonly agent?: undefined }
  | { readonly model?: undefined; readonly agent: string };

/** What Mistral says of a conversation, apart from its id. */
export type ConversationCard = Readonly<Record<string, unknown>>;

export function startedWith(card: ConversationCard): StartedWith | undefined {
  if (typeof card.agent_id === 'string') return { agent: card.agent_id };
  return typeof card.model === 'string' ? { model: card.model } : undefined;
}

/** More of it is not shown in lists: a record is read with many others. */
const LONGEST_TEXT = 256;
const LONGEST_METADATA = 2048;

/**
 * What is to be remembered of a conversation that a request creates; `undefined` where it creates none, or Mistral
 * is not to keep it.
 */
export function cardToRecord(
  kind: MeteredKind,
  route: string,
  { fields }: ParsedBody,
  { modelId, agent }: AccessGrant,
): ConversationCard | undefined {
  if (kind !== 'conversation-start' && route !== RESTART_PATH) return undefined;
  if (fields.store === false) return undefined;
  const { name, description, metadata } = fields;
  const isShown = isObject(metadata) && JSON.stringify(metadata).length <= LONGEST_METADATA;
  return {
    object: 'conversation',
    ...(agent ? { agent_id: agent.id } : { model: modelId }),
    ...(typeof name === 'string' && { name: name.slice(0, LONGEST_TEXT) }),
    ...(typeof description === 'string' && { description: description.slice(0, LONGEST_TEXT) }),
    ...(isShown && { metadata }),
  };
}
