import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXPECTED } from '../../e2e/sdks/answers.js';
import { CALLS, CLIENTS } from '../../e2e/sdks/tasks.js';
import { endpointOf } from '../../governance/metering/endpoints.js';
import { CLIENTS_PAGE, clientsPage } from '../../oracles/clients-page.js';

test('the page of clients is what the last run and the pinned versions make of it', () => {
  expect(readFileSync(CLIENTS_PAGE, 'utf8')).toBe(clientsPage());
});

/** Whose calls join next. */
const UNTRIED = /\/v1\/(files|batch|conversations|agents|audio\/transcriptions)/;

test('every endpoint that the gateway has is called by the official SDKs', () => {
  const refusal = endpointOf('GET', '/nowhere');
  const said = refusal.kind === 'problem' ? (refusal.message.split('allowed are')[1] ?? '') : '';
  const offered = [...said.matchAll(/(?:GET|POST|DELETE) \/\S+[^,\s]/g)];
  const ours = 'GET /v1/governance/me';
  const wanted = offered.map(([endpoint]) => endpoint).filter((one) => one !== ours);
  expect(wanted).toContain('POST /v1/chat/completions');
  for (const client of ['npm mistralai', 'pypi mistralai'] as const) {
    const called = CALLS[client].map((call) => EXPECTED[call].endpoint);
    expect(wanted.filter((one) => !called.includes(one) && !UNTRIED.test(one))).toEqual([]);
  }
});

test('no client has a call that is not described', () => {
  for (const client of CLIENTS) {
    for (const call of CALLS[client]) expect(EXPECTED).toHaveProperty([call]);
  }
});
