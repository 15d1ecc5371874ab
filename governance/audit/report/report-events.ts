import type { KeyEvent } from '../../keys/key-events.aws.js';
import { instantText } from '../../platform/wording.js';

/** What happened to a key since the last report, and by what that is known. */
export interface ReportedEvent {
  readonly at: string;
  readonly event: string;
  readonly secret: string;
  readonly workspace: string;
  /** The id of the key at Mistral; in operator mode its name in Mistral's console. */
  readonly key: string | null;
  readonly proof: string;
}

const EVENTS: Readonly<
  Record<string, (event: KeyEvent) => readonly [event: string, key?: string]>
> = {
  'rotation-succeeded': ({ facts }) => [
    facts['previous key'] === undefined ? 'first key' : 'rotated',
    facts['new key'],
  ],
  'key-revoked': ({ facts }) => ['revoked', facts['previous key'] ?? facts['removed key']],
  'rolled-back': ({ facts }) => ['rolled back', facts['new key']],
  'rotation-failed': ({ facts }) => ['rotation failed', facts['new key']],
};

/** `undefined` for events that are no end of anything, such as a reminder. */
export function reportedEvent(event: KeyEvent): ReportedEvent | undefined {
  const named = EVENTS[event.type]?.(event);
  if (!named) return undefined;
  const { at, subject, workspace } = event;
  const [name, key = null] = named;
  return { at, event: name, secret: subject, workspace, key, proof: proofOf(event) };
}

function proofOf({ type, at, facts, description }: KeyEvent): string {
  const seenAt = facts['seen refused at'] ?? instantText(new Date(at));
  if (type === 'rotation-succeeded') return 'Mistral accepted the new key before it became current';
  if (type !== 'key-revoked') return facts.reason ?? description;
  const witness = facts['accepted meanwhile'];
  if (facts['rejected by Mistral'] !== 'yes') {
    return `not listed by Mistral at ${seenAt}; not tried, because its version is not stored`;
  }
  return witness === undefined
    ? `seen refused (401) at ${seenAt}, and not listed by Mistral`
    : `seen refused (401) at ${seenAt}, while Mistral accepted the current key of ${witness}`;
}
