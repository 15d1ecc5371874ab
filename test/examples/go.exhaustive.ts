import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command } from '../../e2e/commands.js';
import { answerAsGateway, COMPLETION, KEYS } from '../cli/proxy/proxy-world.js';
import { functionUrl } from '../support/function-url.js';

const EXAMPLE = join(import.meta.dirname, '../../examples/go');
const { env } = process;
const hasGo = await command('go', ['version'], env).then(
  () => true,
  () => false,
);

test.runIf(hasGo)(
  'the example in Go is formatted, and signs what the function URL accepts',
  async () => {
    const { stdout: unformatted } = await command('gofmt', ['-l', '.'], env, EXAMPLE);
    expect(unformatted).toBe('');
    await command('go', ['vet', '-mod=readonly', '.'], env, EXAMPLE);
    const remote = await functionUrl(KEYS, answerAsGateway, () => new Date());
    const { stdout } = await command(
      'go',
      ['run', '-mod=readonly', '.'],
      {
        ...env,
        GATEWAY_URL: `${remote.url}/`,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'ASIATEMPORARY',
        AWS_SECRET_ACCESS_KEY: KEYS.ASIATEMPORARY.secretAccessKey,
        AWS_SESSION_TOKEN: KEYS.ASIATEMPORARY.sessionToken,
      },
      EXAMPLE,
    );
    expect(remote.refused).toEqual([]);
    expect(remote.accepted.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/chat/completions',
    ]);
    expect(JSON.parse(stdout)).toEqual(COMPLETION);
  },
);
