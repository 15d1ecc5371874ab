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
export function createObjectStore(now: () => Date, listedAtOnce = 1000) {
  const objects = new Map<string, StoredObject>();

  function put(name: string, { headers, body }: HttpCall): HttpAnswer {
    if (headers['if-none-match'] !== '*') return refusal(403, 'AccessDenied');
    const hash = createHash('sha256').update(body).digest('hex');
    if (headers['x-amz-content-sha256'] !== hash) return refusal(400, 'XAmzContentSHA256Mismatch');
    if (objects.has(name)) return refusal(412, 'PreconditionFailed');
    objects.set(name, { at: now(), contentType: headers['content-type'] ?? '', body });
    return xml(200, '');
  }

  function list(bucket: string, query: URLSearchParams): HttpAnswer {
    const within = `${bucket}/${query.get('prefix') ?? ''}`;
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const found = [...objects.keys()]
      .filter((name) => name.startsWith(within))
      .map((name) => name.slice(bucket.length + 1))
      .filter((key) => key > after)
      .sort();
    const page = found.slice(0, listedAtOnce);
    const contents = page.map((key) => {
      const bytes = Buffer.byteLength(objects.get(`${bucket}/${key}`)?.body ?? '');
      return `<Contents><Key>${key}</Key><Size>${bytes}</Size></Contents>`;
    });
    const next = `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>`;
    const isCut = found.length > page.length;
    return xml(
      200,
      `<ListBucketResult>${contents.join('')}<IsTruncated>${isCut}</IsTruncated>${isCut ? next : ''}</ListBucketResult>`,
    );
  }

  function get(name: string): HttpAnswer {
    const object = objects.get(name);
    if (!object) return refusal(404, 'NoSuchKey');
    const { contentType, body } = object;
    return { status: 200, headers: { 'content-type': contentType }, body };
  }

  return {
    /** By `bucket/key`. */
    objects: objects as ReadonlyMap<string, StoredObject>,

    /** What only an owner of the bucket can do. */
    change(name: string, body: string): void {
      const object = objects.get(name);
      if (object) objects.set(name, { ...object, body });
    },

    async answer(call: HttpCall): Promise<HttpAnswer> {
      const { method, url } = call;
      if (!isForS3(call)) return refusal(403, 'AccessDenied');
      const name = decodeURIComponent(url.pathname.slice(1));
      if (method === 'PUT') return put(name, call);
      if (method !== 'GET') return refusal(405, 'MethodNotAllowed');
      return url.searchParams.has('list-type')
        ? list(name.replace(/\/$/, ''), url.searchParams)
        : get(name);
    },
  };
}

/** Whether a call is signed for S3. */
export function isForS3({ headers }: HttpCall): boolean {
  return SIGNED_FOR_S3.test(headers.authorization ?? '');
}

function xml(status: number, body: string): HttpAnswer {
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

function refusal(status: number, code: string): HttpAnswer {
  const error = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`;
  return xml(status, error);
}
