import { expect, test } from 'vitest';
import { InFlight } from '../../client/closing.js';
import { createGovernedFetch } from '../../client/governed-fetch.js';
import { createMetering } from '../../governance/metering/metering.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { aPolicy } from '../support/builders.js';
import { accessTo, fakeQuotas, fakeTariff } from '../support/gateway-fakes.js';
import {
  answerJson,
  CHAT,
  COMPLETION,
  DEVELOPER,
  mistralStandIn,
} from '../support/gateway-world.js';

async function ask(overMaxTokens: 'refuse' | 'cap') {
  const upstream = await mistralStandIn((response) => answerJson(response, 200, COMPLETION));
  const policy = aPolicy((document) => {
    document.roles.developer.overMaxTokens = overMaxTokens;
  });
  const key = new ApiKey('Zq7PlainKeyVw3XhR9tLm2KcB8dFs5J');
  const governedFetch = createGovernedFetch({
    ...{ apiUrl: upstream.url, callerArn: DEVELOPER, access: accessTo(policy) },
    metering: createMetering(policy, fakeQuotas(), fakeTariff),
    keys: { current: () => key, instead: async () => undefined },
    ...{
      unmetered: 'refuse',
      passUnknownFields: false,
      inFlight: new InFlight(),
      now: () => new Date(),
      fetch,
    },
  });
  const body = JSON.stringify({ ...CHAT, max_tokens: 9000 });
  const request = new Request(`${upstream.url}/v1/chat/completions`, { method: 'POST', body });
  return { answer: governedFetch(request), received: upstream.received };
}

test('the client library lowers max_tokens where the role says so, and says it as the gateway does', async () => {
  const { answer, received } = await ask('cap');
  const { headers, status } = await answer;
  expect([status, headers.get('x-governance-max-tokens')]).toEqual([200, '2000']);
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ max_tokens: 2000 });
});

test('or refuses it', async () => {
  const { answer } = await ask('refuse');
  await expect(answer).rejects.toMatchObject({ code: 'max_tokens_exceeded' });
});
