import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { endpointOf } from '../../../governance/metering/endpoints.js';
import { REFUSED_ENDPOINTS, whyRefused } from '../../../governance/metering/refused-endpoints.js';

const ROOT = join(import.meta.dirname, '../../..');

type Operation = readonly [method: string, path: string];

/** Of the official SDK, which Mistral generates from the description of its API. */
function operationsOfSdk(): Operation[] {
  const sdk = dirname(createRequire(import.meta.url).resolve('@mistralai/mistralai'));
  const folder = join(sdk, 'funcs');
  const found = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .map((text) => {
      const path = /pathToFunc\("([^"#]+)/.exec(text)?.[1];
      const method = /method: "([A-Z]+)"/.exec(text)?.[1];
      return `${method} ${path}`;
    });
  return [...new Set(found)].sort().map((one) => one.split(' ') as unknown as Operation);
}

/** What the SDK has not: the Admin API, sound as it comes, and jobs that train models. */
const BESIDES: readonly Operation[] = [
  ...['users', 'workspaces', 'spend-limit', 'api-keys'].flatMap((part): Operation[] => [
    ['GET', `/v1/admin/${part}`],
    ['POST', `/v1/admin/${part}`],
  ]),
  ...['rate-limit', 'usage', 'audit-logs'].map((part): Operation => ['GET', `/v1/admin/${part}`]),
  ['PATCH', '/v1/admin/workspaces/{workspace_uuid}'],
  ['DELETE', '/v1/admin/workspaces/{workspace_uuid}'],
  ['DELETE', '/v1/admin/api-keys/{key_id}'],
  ['GET', '/v1/audio/transcriptions/realtime'],
  ['POST', '/v1/fine_tuning/jobs'],
  ['POST', '/v1/fine_tuning/jobs/{job_id}/cancel'],
];

const OPERATIONS = [...operationsOfSdk(), ...BESIDES];

test('the endpoints of the SDK are found', () => {
  expect(OPERATIONS.length).toBeGreaterThan(200);
  expect(OPERATIONS).toContainEqual(['POST', '/v1/conversations/{conversation_id}/restart']);
});

test.each(OPERATIONS)('%s %s is served, or refused with its reason', (method, path) => {
  const target = path.replaceAll(/\{[^}]+\}/g, 'x1');
  const endpoint = endpointOf(method, target);
  if (endpoint.kind !== 'problem') {
    expect(endpoint.method).toBe(method);
    return;
  }
  const { code, message } = endpoint;
  expect(['endpoint_not_allowed', 'method_not_allowed']).toContain(code);
  expect(message).toContain(`, because ${whyRefused(method, target)}`);
  expect(whyRefused(method, target)).toBeDefined();
});

describe('each reason', () => {
  test.each(REFUSED_ENDPOINTS.map((one) => [one.path, one] as const))(
    'of %s is needed, and in the docs',
    (path, { methods, why }) => {
      const page = readFileSync(join(ROOT, 'docs/calling-mistral.md'), 'utf8');
      const named = methods ? `${methods.join(', ')} ` : '';
      expect(page).toContain(`| ${named}\`${path}\` | ${why} |`);
      const refused = OPERATIONS.filter(
        ([method, one]) =>
          endpointOf(method, one.replaceAll(/\{[^}]+\}/g, 'x1')).kind === 'problem' &&
          `${one}/`.startsWith(`${path}/`),
      );
      expect(refused).not.toEqual([]);
    },
  );

  test('is given in any spelling, and of no path that only begins the same', () => {
    for (const path of ['/v1/v1/libraries', '/v1//libraries/', '/v1/libraries/x/documents?a=b']) {
      expect(endpointOf('GET', path)).toMatchObject({
        message: expect.stringContaining('because documents of a library'),
      });
    }
    expect(endpointOf('GET', '/v1/libraries2')).toMatchObject({
      message: expect.stringContaining('allowed are POST /v1/chat/completions'),
    });
  });
});
