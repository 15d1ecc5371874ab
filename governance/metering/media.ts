import { isObject } from '../platform/json.js';
import { shortenedLength } from './json-outline.js';

/** What of a prompt its bytes do not bound. */
export interface Media {
  readonly images: number;
  /** At most what the images take of the body. */
  readonly imageBytes: number;
  /** Documents, audio or parts of an unknown type: nothing in the body bounds their tokens. */
  readonly hasMedia: boolean;
}

/** Of chats that are classified: a list of messages, an object with one, or a list of either. */
export function mediaOfChats(input: unknown, isShortened: boolean): Media {
  const chats = Array.isArray(input) ? input : [input];
  const messages = chats.flatMap((one) =>
    isObject(one) && 'messages' in one ? one.messages : one,
  );
  return mediaOf(messages, isShortened);
}

/** Parts of a message that have at most one token per byte. */
const SPELLED_OUT = new Set(['text', 'thinking', 'reference', 'tool_reference']);

export function mediaOf(messages: unknown, isShortened: boolean): Media {
  let images = 0;
  let imageBytes = 0;
  let hasMedia = false;
  for (const message of Array.isArray(messages) ? messages : []) {
    const content: unknown = isObject(message) ? message.content : undefined;
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      const type: unknown = isObject(part) ? part.type : undefined;
      if (type === 'image_url') {
        images += 1;
        imageBytes += bytesOf(addressOf(part.image_url), isShortened);
      } else if (typeof type !== 'string' || !SPELLED_OUT.has(type)) hasMedia = true;
    }
  }
  return { images, imageBytes, hasMedia };
}

/** At most those that a string takes in the body. */
function bytesOf(text: string, isShortened: boolean): number {
  return (isShortened ? shortenedLength(text) : undefined) ?? text.length;
}

function addressOf(image: unknown): string {
  const address = isObject(image) ? image.url : image;
  return typeof address === 'string' ? address : '';
}
