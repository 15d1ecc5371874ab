import * as z from 'zod';
import type { ApiKey } from './api-key.js';
import type { MistralHttp } from './mistral-http.js';

/** A file at Mistral, as far as an audit asks. */
export interface ListedFile {
  readonly id: string;
  readonly createdAtMs: number;
}

const PAGE = 100;
/** More files than any workspace has: a list without end is an error. */
const MOST_PAGES = 20_000;

const FileListSchema = z.object({
  data: z.array(z.object({ id: z.string().min(1), created_at: z.number() })),
});

/** Lists the files of a key's workspace, some at a time. `http` is that of the inference API, without its `/v1`. */
export function createFileLister(http: MistralHttp) {
  return async function* (apiKey: ApiKey): AsyncGenerator<readonly ListedFile[]> {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = { page, page_size: PAGE, include_total: 'false' };
      const request = { method: 'GET', path: '/v1/files', query, answer: FileListSchema } as const;
      const { data } = await http.send(request, { bearer: apiKey });
      yield data.map(({ id, created_at }) => ({ id, createdAtMs: created_at * 1000 }));
      if (data.length < PAGE) return;
    }
    throw new Error(`Mistral lists more than ${MOST_PAGES * PAGE} files`);
  };
}
