import type { ServerResponse } from 'node:http';
import type { AdminKey } from '../../governance/mistral/admin-key.aws.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { createMistralAdmin, type MistralAdmin } from '../../governance/mistral/mistral-admin.js';
import { createMistralHttp } from '../../governance/mistral/mistral-http.js';
import { PATIENCE_MS } from '../../testing/aws.js';
import { type Loopback, loopback, type SeenRequest } from './loopback.js';

const key = new ApiKey('AdminKeyOfTheTestsAdminKeyOfTests');
const adminKey: AdminKey = {
  secretName: 'mistral/admin-api-key',
  read: async () => key,
  refresh: async () => key,
};

/** The Admin API client, talking to a server of the test's own. */
export async function adminApi(
  answer: (response: ServerResponse, request: SeenRequest, count: number) => void,
): Promise<Loopback & { readonly admin: MistralAdmin }> {
  const server = await loopback(answer);
  const http = createMistralHttp(`${server.url}/v1/admin`, {
    timeoutMs: PATIENCE_MS,
    sleep: async () => {},
  });
  return { ...server, admin: createMistralAdmin(http, adminKey) };
}
