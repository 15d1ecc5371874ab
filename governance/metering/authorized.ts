import type { ConversationCard } from './conversations.js';
import type { Demand } from './demand.js';
import type { WrittenForm } from './forms/written-form.js';
import type { NamedObject } from './named-objects.js';

/** A request that may be sent, with the body to send. */
export interface Authorized {
  readonly kind: 'authorized';
  readonly demand: Demand;
  readonly body: Buffer;
  /** @default JSON's */
  readonly contentType?: string | undefined;
  /** Of a form of which `body` is only the start: what writes the rest. */
  readonly open?: WrittenForm | undefined;
  /** What `max_tokens` was lowered to, where the caller asked for more than its role may. */
  readonly cappedTo: number | undefined;
  /** Objects at Mistral that it names: the caller must own them. */
  readonly objects: readonly NamedObject[];
  /** What is to be recorded of a conversation that it creates. */
  readonly opens?: ConversationCard | undefined;
}
