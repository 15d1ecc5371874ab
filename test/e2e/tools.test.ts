import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { installTools, putUserCommands } from '../../e2e/tools.js';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The commands of a machine whose own are in `path`. */
function commandsBeside(path: string): string {
  const tools = { python: '/bin/echo', packages: '/packages' };
  return putUserCommands(aFolder(), tools, { PATH: path }, 'http://emulator');
}

function jq(args: readonly string[], input = '') {
  const file = join(commandsBeside(aFolder()), 'jq');
  const { stdout, stderr, status } = spawnSync(file, args, { input, encoding: 'utf8' });
  return { stdout, stderr, status };
}

test('a machine without a needed command gets an error, and nothing is installed', async () => {
  const folder = aFolder();
  const cache = join(folder, 'cache', 'e2e');
  await expect(installTools(cache, { PATH: folder })).rejects.toThrow(
    'e2e needs python3 (3.11 or newer, with pip) and bash',
  );
  expect(existsSync(join(folder, 'cache'))).toBe(false);
});

test('the AWS CLI asks the emulator', () => {
  const aws = join(commandsBeside(aFolder()), 'aws');
  const { stdout } = spawnSync(aws, ['sqs', 'list-queues'], { encoding: 'utf8' });
  expect(stdout).toBe('-m awscli --endpoint-url http://emulator sqs list-queues\n');
});

test('the jq of the machine is left to be found', () => {
  const path = aFolder();
  symlinkSync('/bin/true', join(path, 'jq'));
  expect(existsSync(join(commandsBeside(path), 'jq'))).toBe(false);
});

test('where there is none, jq reads what is piped to it', () => {
  const filter = '.[] | select(.type == $type) | .name';
  const input = '[{"type":"a","name":"one"},{"type":"b","name":"two"}]';
  expect(jq(['-r', '--arg', 'type', 'b', filter], input).stdout).toBe('two\n');
});

test('where there is none, jq reads a file and leaves its input alone', () => {
  const file = join(aFolder(), 'audit.json');
  writeFileSync(file, '{"findings": [{"type": "orphan"}]}');
  expect(jq(['-c', '[.findings[].type]', file], 'not JSON').stdout).toBe('["orphan"]\n');
});

test('where there is none, jq fails as jq does', () => {
  const { status, stderr } = jq(['.'], '{');
  expect(status).not.toBe(0);
  expect(stderr).toContain('jq: parse error');
});

test('where there is none, jq rejects what it would read wrongly', () => {
  const { status, stderr } = jq(['--slurpfile', 'name', 'file', '.'], '{}');
  expect(status).not.toBe(0);
  expect(stderr).toContain('--slurpfile is not taken here');
});
