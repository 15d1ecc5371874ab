import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../cli/run-cli.js';

const WORKFLOW = join(import.meta.dirname, '../../examples/github-actions/ask-mistral.yml');
const workflow = parse(readFileSync(WORKFLOW, 'utf8'), { strict: true });
const steps: readonly { uses?: string; run?: string; with?: object }[] = workflow.jobs.ask.steps;
const scripts = steps.flatMap(({ run }) => run ?? []);

test('the workflow assumes its role by OIDC before it signs', () => {
  expect(workflow.permissions).toEqual({ 'id-token': 'write', contents: 'read' });
  const at = (part: RegExp) => steps.findIndex(({ uses, run }) => part.test(uses ?? run ?? ''));
  expect(at(/configure-aws-credentials@v\d+$/)).toBeGreaterThan(at(/npm ci/));
  expect(at(/mistral-governance proxy/)).toBeGreaterThan(at(/configure-aws-credentials/));
});

test('its scripts are those of bash, and each command of ours in it exists', async () => {
  for (const script of scripts) {
    const { status, stderr } = spawnSync('bash', ['-n', '-c', script], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }
  const ours = scripts.join('\n').matchAll(/npx --no -- mistral-governance ([^&|\n]*)/g);
  const commands = [...ours].map(([, words = '']) => words.trim().split(' '));
  expect(commands).toHaveLength(3);
  for (const words of commands) {
    expect(await runCli([...words, '--help'])).toMatchObject({ status: 0, stderr: '' });
  }
});

test('what it hands to later steps is what their clients read', async () => {
  const line = /proxy (--print env) \| (sed .*?) >>/.exec(scripts.join('\n')) ?? [];
  const { stdout } = await runCli(['proxy', '--print', 'env']);
  const script = spawnSync('bash', ['-c', String(line[2])], { input: stdout, encoding: 'utf8' });
  const given = Object.fromEntries(
    script.stdout
      .trim()
      .split('\n')
      .map((one) => one.split('=')),
  );
  expect(given).toMatchObject({ MISTRAL_BASE_URL: 'http://127.0.0.1:6478/v1' });
  expect(Object.keys(given)).not.toContainEqual(expect.stringMatching(/ /));
});
