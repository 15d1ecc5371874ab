import type { ServerResponse } from 'node:http';
import type { AdminKey } from '../../lambdas/adapters/admin-key.js';
import { createMistralAdmin, type MistralAdmin } from '../../lambdas/adapters/mistral-admin.js';
import { createMistralHttp } from '../../lambdas/adapters/mistral-http.js';
import { ApiKey } from '../../lambdas/domain/api-key.js';
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
  const http = createMistralHttp(`${server.url}/v1/admin`, { sleep: async () => {} });
  return { ...server, admin: createMistralAdmin(http, adminKey) };
}
