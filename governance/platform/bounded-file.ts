import { closeSync, openSync, readSync } from 'node:fs';

const MIB = 1024 * 1024;
const PIECE_BYTES = 65_536;

/**
 * The bytes of a file, or of stdin for `0`.
 *
 * @throws Error where there are more, as of a device without an end
 */
export function readAtMost(path: string | 0, mebibytes: number): Buffer {
  const file = path === 0 ? 0 : openSync(path, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let left = mebibytes * MIB + 1; left > 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, left));
      const bytes = readSync(file, piece);
      if (bytes === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, bytes));
      left -= bytes;
    }
    throw tooLong(mebibytes);
  } finally {
    if (file !== 0) closeSync(file);
  }
}

export function tooLong(mebibytes: number): Error {
  return new Error(`it has more than ${mebibytes} MiB`);
}
