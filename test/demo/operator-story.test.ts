import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RunDocument } from '../../demo/document.js';
import type { Run } from '../../demo/run.js';
import { runOperatorStory } from '../../demo/run-operator.js';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import { anOperatorPolicy } from '../support/builders.js';
import { leaksIn } from '../support/invariants.js';
import { overhear } from '../support/overheard-run.js';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/operator.yaml');

/** `npm start -- <args>`, which is this file by tsx. */
function start(...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const tsx = join(ROOT, 'node_modules/tsx/dist/loader.mjs');
  const child = spawn(process.execPath, ['--import', tsx, join(ROOT, 'demo/main.ts'), ...args], {
    cwd: ROOT,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, out, err })));
}

describe('npm start with a policy without the Admin API', { timeout: 180_000 }, () => {
  test('prints one document of how it went, and nothing else', async () => {
    const { status, out, err } = await start('--policy', EXAMPLE, '--json');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const { keys, findings, rotations, alerts, spend }: RunDocument = JSON.parse(out);

    expect(new Set(alerts.map(({ attributes }) => attributes.type))).toEqual(
      new Set([
        'audit-digest',
        'deletion-needed',
        'key-needed',
        'key-revoked',
        'rotation-succeeded',
      ]),
    );
    expect(keys.filter(({ status }) => status === 'in charge')).toHaveLength(4);
    expect(keys.every(({ name, keyId }) => name === keyId)).toBe(true);
    expect(findings.every(({ type }) => type !== 'unmanaged')).toBe(true);
    const outcomes = rotations.map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(
      new Set([
        'provisioned',
        'supplied key refused',
        'supplied key not verified',
        'old key revoked',
      ]),
    );
    const steps = rotations.at(-1)?.steps.map(({ step }) => step) ?? [];
    expect(steps[0]).toBe('testSecret');
    expect(steps.slice(steps.indexOf('finishSecret'))).toEqual([
      'finishSecret',
      'Wait for next check',
      'Verify',
      'Notify: deletion needed',
      'Wait for next check',
      'Verify',
      'Notify: key deleted',
    ]);
    expect(spend.every(({ billed }) => billed === null)).toBe(true);
  });

  test('says what a policy lacks for the story', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'operator-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'two-keys.yaml');
    const policy = anOperatorPolicy((document) => {
      document.workspaces = document.workspaces.slice(0, 2);
      document.callers = [];
    });
    writeFileSync(path, JSON.stringify(policy));
    const { status, out, err } = await start('--policy', path);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain('has fewer than three keys');
  });
});

describe('the story itself', () => {
  let run: Run;
  let written = '';
  let plaintexts: readonly string[] = [];

  beforeAll(async () => {
    ({ run, written, plaintexts } = await overhear(runOperatorStory, loadPolicy(EXAMPLE), (world) =>
      world.mistral.keys.made.map(({ plaintext }) => plaintext),
    ));
  }, 120_000);

  test('ends as it should', () => {
    expect(run.expectations.filter(({ holds }) => !holds)).toEqual([]);
    expect(run.expectations.length).toBeGreaterThanOrEqual(10);
  });

  test('nothing that was written anywhere holds an eight-character piece of a key', () => {
    expect(plaintexts.length).toBeGreaterThan(6);
    const mistyped = plaintexts.map((key) => [...key].reverse().join(''));
    expect(leaksIn(written, [...plaintexts, ...mistyped])).toEqual([]);
    expect(written.length).toBeGreaterThan(50_000);
  });
});
