import type { ApiKey } from './api-key.js';

/** Fewer characters than this would fit too many keys. */
const LEAST_SHOWN = 6;

/** Whether a key may be the one that Mistral shows as this, such as `HQSx...Ug6Y`: its beginning, and its end. */
export function isShownAs(hiddenKey: string | undefined, apiKey: ApiKey): boolean {
  const [, start = '', end = ''] =
    /^([\w+/~=-]*)[^\w+/~=-]+([\w+/~=-]*)$/.exec(hiddenKey ?? '') ?? [];
  const shown = start.length + end.length;
  const plaintext = apiKey.reveal();
  return (
    shown >= LEAST_SHOWN &&
    shown < plaintext.length &&
    plaintext.startsWith(start) &&
    plaintext.endsWith(end)
  );
}
