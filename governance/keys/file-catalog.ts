import { createFileLister, type ListedFile } from '../mistral/file-list.js';
import type { MistralHttp } from '../mistral/mistral-http.js';
import { SecretEmptyError } from '../platform/errors.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { readCurrentKey } from './stored-keys.js';

/** Lists the files of a workspace with the current key of a secret. Uses that key. */
export function createFileCatalog(
  secrets: Pick<SecretVersions, 'describe' | 'read'>,
  http: MistralHttp,
) {
  const list = createFileLister(http);
  return async function* (secretName: string): AsyncGenerator<readonly ListedFile[]> {
    const { key } = await readCurrentKey(secrets, secretName);
    if (!key) throw new SecretEmptyError(`secret ${secretName} holds no key yet`);
    yield* list(key.apiKey);
  };
}
