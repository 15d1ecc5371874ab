import { parseArgs } from 'node:util';
import { messageOf } from '../../governance/platform/failures.js';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import type { Policy } from '../../governance/policy/policy.js';
import { serveHttp } from './http-server.js';
import { createFakeKeys } from './mistral-keys.js';
import { createFakeMistral, fakeOrganization } from './mistral-server.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    'admin-key': { type: 'string' },
    policy: { type: 'string', default: 'governance.yaml' },
  },
});
const adminKey = values['admin-key'];
if (!adminKey) {
  console.error('usage: npm run mistral -- --port N --admin-key K [--policy governance.yaml]');
  process.exit(2);
}

const now = () => new Date();
const { workspaces } = policyOrExit(values.policy);
const mistral = createFakeMistral(
  createFakeKeys({ now }),
  fakeOrganization(workspaces, { requestsPerSecond: 10 }),
  adminKey,
  now,
);
const { url } = await serveHttp((call) => mistral.answer(call), Number(values.port));
console.log(`a fake Mistral answers at ${url}/v1, its Admin API at ${url}/v1/admin`);

function policyOrExit(path: string): Policy {
  try {
    return loadPolicy(path);
  } catch (error) {
    console.error(messageOf(error));
    process.exit(2);
  }
}
