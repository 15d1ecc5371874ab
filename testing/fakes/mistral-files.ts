import { randomUUID } from 'node:crypto';
import { formOf } from './form.js';
import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';
import type { FakeKey } from './mistral-keys.js';

export interface FakeFile {
  readonly id: string;
  readonly workspaceId: string;
  readonly filename: string;
  readonly purpose: string;
  readonly mimetype: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly content: string;
}

export interface FakeFilesOptions {
  readonly now: () => Date;
  /** @default random */
  readonly newId?: () => string;
}

export type FakeFiles = ReturnType<typeof createFakeFiles>;

const FILE_PATH = /^\/v1\/files\/([^/]+)(\/content|\/url)?$/;

/** The files of an organization's workspaces: who has a key of a workspace has all of them. */
export function createFakeFiles({ now, newId = randomUUID }: FakeFilesOptions) {
  const files = new Map<string, FakeFile>();

  function upload({ workspaceId }: Pick<FakeKey, 'workspaceId'>, call: HttpCall): HttpAnswer {
    const { file, fields } = formOf(call);
    if (!file) return jsonAnswer(422, { detail: [{ loc: ['file'], msg: 'Field required' }] });
    const hours = fields.get('expiry');
    const made = add(workspaceId, {
      ...file,
      purpose: fields.get('purpose') ?? 'batch',
      expiresAt:
        hours === undefined ? null : Math.floor(now().getTime() / 1000) + Number(hours) * 3600,
    });
    return jsonAnswer(200, cardOf(made));
  }

  function list({ workspaceId }: Pick<FakeKey, 'workspaceId'>, { url }: HttpCall): HttpAnswer {
    const page = Number(url.searchParams.get('page') ?? 0);
    const size = Number(url.searchParams.get('page_size') ?? 100);
    const all = [...files.values()].filter((file) => file.workspaceId === workspaceId).reverse();
    const data = all.slice(page * size, (page + 1) * size).map(cardOf);
    return jsonAnswer(200, { data, object: 'list', total: all.length });
  }

  function one(key: Pick<FakeKey, 'workspaceId'>, { method, url }: HttpCall): HttpAnswer {
    const [, id = '', what] = FILE_PATH.exec(url.pathname) ?? [];
    const file = files.get(id);
    if (!file || file.workspaceId !== key.workspaceId) {
      return jsonAnswer(404, { detail: `File ${id} not found` });
    }
    if (method === 'DELETE') {
      files.delete(id);
      return jsonAnswer(200, { id, object: 'file', deleted: true });
    }
    if (what === '/url') {
      const expiry = url.searchParams.get('expiry') ?? '24';
      return jsonAnswer(200, { url: `https://blob.example/${id}?hours=${expiry}` });
    }
    if (what !== '/content') return jsonAnswer(200, { ...cardOf(file), deleted: false });
    return {
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      body: file.content,
    };
  }

  function add(
    workspaceId: string,
    more: Partial<FakeFile> & Pick<FakeFile, 'filename' | 'content'>,
  ) {
    const createdAt = Math.floor(now().getTime() / 1000);
    const file: FakeFile = {
      ...{ id: newId(), workspaceId, createdAt, purpose: 'batch', mimetype: null },
      ...{ expiresAt: null, ...more },
    };
    files.set(file.id, file);
    return file;
  }

  return {
    files,
    add,

    /** The text of a file; `undefined` for one that is not there. */
    read(workspaceId: string, id: string): string | undefined {
      const file = files.get(id);
      return file?.workspaceId === workspaceId ? file.content : undefined;
    },

    /** `undefined` for an unknown endpoint. */
    answer(key: Pick<FakeKey, 'workspaceId'>, call: HttpCall): HttpAnswer | undefined {
      const { method, url } = call;
      if (url.pathname === '/v1/files') {
        if (method === 'POST') return upload(key, call);
        return method === 'GET' ? list(key, call) : undefined;
      }
      return FILE_PATH.test(url.pathname) ? one(key, call) : undefined;
    },
  };
}

export function cardOf({
  id,
  filename,
  purpose,
  mimetype,
  createdAt,
  expiresAt,
  content,
}: FakeFile) {
  return {
    ...{ id, object: 'file', bytes: Buffer.byteLength(content), created_at: createdAt, filename },
    ...{ purpose, sample_type: purpose === 'batch' ? 'batch_request' : 'instruct' },
    ...{ num_lines: null, mimetype, source: 'upload', signature: 'd4821d2de1917341' },
    ...{ expires_at: expiresAt, visibility: 'workspace' },
  };
}
