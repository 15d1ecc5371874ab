import { expect, test, vi } from 'vitest';
import type { Cli } from '../../cli/cli.js';
import { createKnownKeys } from '../../cli/known-keys.js';
import { createProgram } from '../../cli/program.js';
import { openCliWorld } from './cli-world.js';
import { localAwsEnv } from './run-cli.js';

const KEY = 'dev-workspace/dev-team-key';

test.each<[string, readonly string[], 'admin-api' | 'operator']>([
  ['audit', ['audit'], 'admin-api'],
  ['spend', ['spend'], 'admin-api'],
  ['keys rotate', ['keys', 'rotate', KEY], 'admin-api'],
  ['keys approve', ['keys', 'approve', KEY], 'admin-api'],
  ['keys supply', ['keys', 'supply', KEY], 'operator'],
])('%s tells that it looks for the stack', async (_command, args, keySource) => {
  const { url, policyPath } = await openCliWorld({
    change: (document) => {
      document.mistral.keySource = keySource;
    },
  });
  for (const [name, value] of Object.entries(localAwsEnv(url))) vi.stubEnv(name, value);
  const told: string[] = [];
  const cli = {
    progress: {
      during: (what: string, work: () => Promise<unknown>) => {
        told.push(what);
        return work();
      },
    },
    keys: createKnownKeys(),
    now: () => new Date('2026-11-24T10:00:00Z'),
    run: async (_options: unknown, command: () => unknown) => void (await command()),
  } as unknown as Cli;
  const program = createProgram(cli);
  try {
    const running = program.parseAsync([...args, '--policy', policyPath], { from: 'user' });
    await expect(running).rejects.toMatchObject({ code: 'stack_not_found' });
  } finally {
    vi.unstubAllEnvs();
  }
  expect(told).toEqual(['looking for the stack']);
});
