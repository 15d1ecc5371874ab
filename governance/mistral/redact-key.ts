import type { ApiKey } from './api-key.js';

/** A piece this long gives too much of a key away. */
const PIECE = 8;

/** The text without the key and without any piece of it, in upper or lower case. */
export function redactKey(text: string, apiKey: ApiKey): string {
  const plaintext = apiKey.reveal().toLowerCase();
  const width = Math.min(PIECE, plaintext.length);
  let redacted = '';
  let at = 0;
  while (at < text.length) {
    let end = at;
    while (plaintext.includes(text.slice(at, end + width).toLowerCase())) {
      if (end + width > text.length) break;
      end += 1;
    }
    if (end === at) {
      redacted += text[at];
      at += 1;
    } else {
      redacted += apiKey.toString();
      at = end + width - 1;
    }
  }
  return redacted;
}
