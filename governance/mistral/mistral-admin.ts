import { MistralUnauthorizedError } from '../platform/errors.js';
import type { AdminKey } from './admin-key.aws.js';
import type { ApiKey } from './api-key.js';
import type { MistralHttp, MistralRequest } from './mistral-http.js';

/** Calls to the Admin API, with the key that its secret holds. */
export interface MistralAdmin {
  /** @throws MistralError, AdminKeyError */
  send<T>(request: MistralRequest<T>): Promise<T>;
}

export function createMistralAdmin(http: MistralHttp, adminKey: AdminKey): MistralAdmin {
  return {
    async send(request) {
      const call = (key: ApiKey) => http.send(request, { bearer: key, xApiKey: key });
      const key = await adminKey.read();
      try {
        return await call(key);
      } catch (error) {
        if (!(error instanceof MistralUnauthorizedError)) throw error;
        const fresh = await adminKey.refresh(key);
        if (fresh.reveal() === key.reveal()) throw keyRejected(error, adminKey.secretName);
        return await call(fresh).catch((again: unknown) => {
          throw again instanceof MistralUnauthorizedError
            ? keyRejected(again, adminKey.secretName)
            : again;
        });
      }
    },
  };
}

function keyRejected(
  error: MistralUnauthorizedError,
  secretName: string,
): MistralUnauthorizedError {
  const why =
    error.status === 403
      ? 'it must be an Admin API key of an organization on the Enterprise plan'
      : 'it may be revoked, expired, or not an Admin API key';
  const { status, requestId } = error;
  const answer = error.message.replace(` (request ${requestId})`, '');
  return new MistralUnauthorizedError(
    `Mistral rejects the Admin API key in secret ${secretName} (${answer}); ${why}: create a new one in the Mistral console and store it with aws secretsmanager put-secret-value --secret-id ${secretName} --secret-string file://<file with the key>`,
    { status, requestId },
  );
}
