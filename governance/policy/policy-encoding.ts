/** Text in UTF-8, the only encoding that all readers of a policy agree on. */
export function decodeText(
  bytes: Uint8Array,
): { readonly text: string } | { readonly problem: string } {
  const encoding = otherEncoding(bytes);
  if (encoding !== undefined) {
    return { problem: `its encoding is ${encoding}, must be UTF-8: save it as UTF-8` };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    const before = new TextDecoder().decode(bytes).split('\uFFFD')[0] ?? '';
    const line = before.split('\n').length;
    const problem = `its encoding is not UTF-8, perhaps Latin-1 or Windows-1252 (line ${line}): save it as UTF-8`;
    return { problem };
  }
}

const BYTE_ORDER_MARKS = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
] as const;

/** By its mark, or by the zeros that half of the bytes of its ASCII are. */
function otherEncoding(bytes: Uint8Array): string | undefined {
  const marked = BYTE_ORDER_MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte));
  if (marked) return marked[0];
  const zeros = bytes.subarray(0, 1000).filter((byte) => byte === 0).length;
  if (zeros === 0) return undefined;
  return zeros >= Math.min(bytes.length, 1000) / 4 ? 'UTF-16 or UTF-32' : 'none of text';
}
