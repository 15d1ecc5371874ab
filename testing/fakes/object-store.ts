import { createHash } from 'node:crypto';
import type { HttpAnswer, HttpCall } from './http-server.js';

export interface StoredObject {
  readonly at: Date;
  readonly contentType: string;
  readonly body: string;
}

export type ObjectStore = ReturnType<typeof createObjectStore>;

const SIGNED_FOR_S3 = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[^/]+\/s3\/aws4_request, /;

/** S3 as far as this product uses it: an object is put where none is, as the bucket's policy demands. */
export function createObjectStore(now: () => Date) {
  const objects = new Map<string, StoredObject>();
  return {
    /** By `bucket/key`. */
    objects: objects as ReadonlyMap<string, StoredObject>,

    async answer({ method, url, headers, body }: HttpCall): Promise<HttpAnswer> {
      if (method !== 'PUT') return refusal(405, 'MethodNotAllowed');
      const isConditional = headers['if-none-match'] === '*';
      if (!isConditional || !SIGNED_FOR_S3.test(headers.authorization ?? '')) {
        return refusal(403, 'AccessDenied');
      }
      const hash = createHash('sha256').update(body).digest('hex');
      if (headers['x-amz-content-sha256'] !== hash) {
        return refusal(400, 'XAmzContentSHA256Mismatch');
      }
      const name = decodeURIComponent(url.pathname.slice(1));
      if (objects.has(name)) return refusal(412, 'PreconditionFailed');
      objects.set(name, { at: now(), contentType: headers['content-type'] ?? '', body });
      return { status: 200, headers: { 'content-type': 'application/xml' }, body: '' };
    },
  };
}

function refusal(status: number, code: string): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`,
  };
}
