import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Endpoint } from '../governance/metering/endpoints.js';
import { type Problem, problem } from '../governance/metering/problem.js';
import { quoted } from '../governance/platform/wording.js';
import { bodyTooLarge } from './problems.js';

const DECODERS = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};
type Coding = keyof typeof DECODERS;
const CODINGS = Object.keys(DECODERS).join(', ');

/** A body without the `Content-Encoding` it was sent in; it unpacks to no more than may be sent plainly. */
export function decodedBody(
  body: Buffer,
  encoding: string | undefined,
  endpoint: Endpoint,
  maxBytes: number,
): Buffer | Problem | Promise<Buffer | Problem> {
  if (encoding === undefined || body.length === 0) return body;
  if (endpoint.form) return encodedForm(encoding) ?? body;
  const coding = codingOf(encoding);
  return coding === IDENTITY ? body : unpacked(body, coding, endpoint, maxBytes);
}

/** A form is read as it comes, and audio is packed already. */
export function encodedForm(encoding: string | undefined): Problem | undefined {
  if (encoding === undefined || codingOf(encoding) === IDENTITY) return undefined;
  return problem(
    'unsupported_encoding',
    `content-encoding ${quoted(encoding)} is not available for multipart/form-data: send it without one`,
  );
}

const IDENTITY = 'identity';

function codingOf(encoding: string): string {
  const coding = encoding.trim().toLowerCase();
  return coding.replace(/^x-gzip$/, 'gzip') || IDENTITY;
}

async function unpacked(
  body: Buffer,
  coding: string,
  endpoint: Endpoint,
  maxBytes: number,
): Promise<Buffer | Problem> {
  if (!isCoding(coding)) {
    const what = `content-encoding ${quoted(coding)} is not available here: allowed are ${CODINGS} and none`;
    return problem('unsupported_encoding', what);
  }
  try {
    return await DECODERS[coding](body, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = error instanceof RangeError; // found before it is all unpacked
    if (isTooLarge) return bodyTooLarge(endpoint, maxBytes, 'unpacked');
    return problem(
      'invalid_request',
      `the body is not valid ${coding}, as its content-encoding says`,
    );
  }
}

function isCoding(coding: string): coding is Coding {
  return Object.hasOwn(DECODERS, coding);
}
