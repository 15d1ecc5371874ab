import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SEARCH_POLICY } from '../governance/policy/search-policy.js';
import { documentOf, runCli } from './run-cli.js';
import { spawnCli } from './spawn-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'policy-check-'));

async function warningsOf(path: string, id: string) {
  const { warnings } = documentOf(await runCli(['policy', 'check', path, '--json']));
  return warnings.filter((warning: { id: string }) => warning.id === id);
}

describe('policy check', () => {
  test('shows the contents of a valid policy in aligned columns', async () => {
    const { status, stdout, stderr } = await runCli(['policy', 'check']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ governance\.yaml is a valid policy$/m);
    expect(stdout).toMatch(/^prod-workspace {2}ci\/cd {11}all .* 500 {2}50 hourly, 200 daily, /m);
    expect(stdout).toMatch(/^mistral\/prod-workspace\/gateway +90 days +0$/m);
    expect(stdout).not.toContain('\u001b');
  });

  test('is one document with --json', async () => {
    const run = await runCli(['--json', 'policy', 'check', '--policy', 'governance.yaml']);
    const { policy, currency, workspaces, callers } = documentOf(run);
    expect({ status: run.status, policy, currency }).toEqual({
      status: 0,
      policy: 'governance.yaml',
      currency: 'USD',
    });
    expect(workspaces[0]).toMatchObject({ name: 'dev-workspace', budgets: { monthlyUsd: 50 } });
    expect(callers).toHaveLength(5);
  });

  test('says what would be added to a secret that is there already', async () => {
    const path = join(folder, 'existing.yaml');
    const text = readFileSync('governance.yaml', 'utf8');
    const secret = 'secret: { name: mistral-api-key, format: plain, existing: true }';
    writeFileSync(
      path,
      text.replace('- name: dev-team-key', `- name: dev-team-key\n        ${secret}`),
    );
    const { stdout } = await runCli(['policy', 'check', path]);
    expect(stdout).toMatch(
      /^mistral-api-key +dev-workspace\/dev-team-key +plain +to its resource/m,
    );
    const { existingSecrets } = documentOf(await runCli(['policy', 'check', path, '--json']));
    expect(existingSecrets).toEqual([
      {
        secret: 'mistral-api-key',
        key: 'dev-workspace/dev-team-key',
        format: 'plain',
        adds: [
          "to its resource policy: statements for this product's functions",
          'and one for 1 reader (nothing is denied)',
          'a label with the id of its key',
          'a rotation every 90 days',
        ],
      },
    ]);
  });

  test('lists every error of a policy', async () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(path, 'workspaces: []\naudit: { timezone: Mars }\n');
    const words = await runCli(['policy', 'check', path]);
    expect({ status: words.status, stdout: words.stdout }).toEqual({ status: 2, stdout: '' });
    expect(words.stderr).toContain(
      `error: ${path} has 2 problems:\n  ${path}:1:1  workspaces: [] is too short`,
    );
    expect(words.stderr).toMatch(/:2:10 {2}audit\.timezone: .*Mars/m);

    const { error } = documentOf(await runCli(['policy', 'check', path, '--json']));
    expect(error).toMatchObject({ code: 'policy_invalid', message: `${path} has 2 problems:` });
    expect(error.problems).toHaveLength(2);
    expect(error.errors).toEqual([
      { path: 'workspaces', line: 1, column: 1, message: expect.stringMatching(/too short/) },
      { path: 'audit.timezone', line: 2, column: 10, message: expect.stringMatching(/Mars/) },
    ]);
  });

  test('warns of the nights on which clocks skip the time of the audit', async () => {
    const path = join(folder, 'skipped.yaml');
    const shipped = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8');
    writeFileSync(path, shipped.replace('cron(0 4 * * ? *)', 'cron(30 2 * * ? *)'));
    const { status, stdout } = await runCli(['policy', 'check', path]);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^! \S+skipped\.yaml:\d+:3 {2}audit\.schedule: on 2027-03-28 clocks in Europe\/Paris skip 02:30, /m,
    );
    expect(await warningsOf(path, 'audit-schedule')).toHaveLength(2);
    expect(await warningsOf('governance.yaml', 'audit-schedule')).toEqual([]);
  });

  test('warns where callers choose the names by which their tokens are counted', async () => {
    const path = join(folder, 'sessions.yaml');
    const shipped = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8');
    const perSession = shipped.replaceAll(/^ {4}workspace: .*$/gm, '$&\n    perSession: true');
    const once = perSession.replaceAll(/(perSession: true\n)( {4}perSession: true\n)/g, '$1');
    writeFileSync(path, once);

    const { status, stdout } = await runCli(['policy', 'check', path]);

    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^! \S+:\d+:5 {2}callers\[0\]\.perSession: who assumes arn:aws:iam::111122223333:role\/analyst chooses the session's name, and each name has dailyTokens of its own/m,
    );
    // Of the administrators nothing is counted, and Identity Center names the last caller's sessions.
    expect(await warningsOf(path, 'chosen-session-name')).toHaveLength(3);
  });

  test('warns of workspaces that may spend the budget of a neighbour without a bound', async () => {
    const path = join(folder, 'unbounded.yaml');
    const shipped = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8');
    writeFileSync(path, shipped.replace(/^ {4}lends: .*\n/m, ''));
    const { status, stdout } = await runCli(['policy', 'check', path]);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^! \S+:\d+:5 {2}workspaces\[1\]\.?(lends)?: prod-workspace may spend all /m,
    );
  });

  test('shows what a copy of the example still has of it, each with its place', async () => {
    const { stdout } = await runCli(['policy', 'check']);
    const lines = stdout.split('\n').filter((line) => line.startsWith('!'));
    expect(lines).toEqual([
      expect.stringMatching(
        /workspaces\[0\]\.id: .* \(also in 2 other places\) \[example-value id\]$/,
      ),
      expect.stringMatching(/workspaces\[0\]\.ownerUserId: .* \[example-value ownerUserId\]$/),
      expect.stringMatching(/readers\[0\]: 111122223333 is .* \[example-value 111122223333\]$/),
      expect.stringMatching(/alerts\.runbookUrl: .* \[default-runbook alerts\.runbookUrl\]$/),
      expect.stringMatching(
        /endpoint: "on-call@example\.com" is reserved .* \[example-value on-call@/,
      ),
    ]);
    expect(lines[3]).toMatch(/^! governance\.yaml:\d+:1 {2}/);
  });

  test('with --strict, fails for warnings that are not accepted for a reason', async () => {
    const path = join(folder, 'accepted.yaml');
    const strict = ['policy', 'check', path, '--strict'];
    writeFileSync(path, SEARCH_POLICY.replace('monthlyUsd: 4000', 'monthlyUsd: 100'));
    const open = await runCli(strict);
    expect(open.status).toBe(1);
    expect(open.stdout).toMatch(/^✗ \S+accepted\.yaml is valid, and has warnings$/m);
    expect((await runCli(strict.slice(0, 3))).status).toBe(0);
    const annotated = await runCli([...strict, '--format', 'github']);
    expect(annotated).toMatchObject({ status: 1, stderr: '' });
    expect(annotated.stdout).toMatch(
      /^::warning file=\S+accepted\.yaml,line=11,col=16::workspaces\[0\]\.budgets\.dailyUsd: 200 is more than/,
    );

    const entry = '{ id: limit-order, subject: sea*, reason: to be raised in January }';
    appendFileSync(path, `acceptedWarnings:\n  - ${entry}\n`);
    const accepted = await runCli(strict);
    expect(accepted.status).toBe(0);
    expect(accepted.stdout).toContain('\n  1 warning is accepted\n');
    const document = documentOf(await runCli([...strict, '--json']));
    expect(document).toMatchObject({ errors: [], warnings: [] });
    expect(document.acceptedWarnings).toEqual([
      {
        id: 'limit-order',
        subject: 'search',
        path: 'workspaces[0].budgets.dailyUsd',
        line: 11,
        column: 16,
        message: expect.stringMatching(/^200 is more than monthlyUsd/),
        reason: 'to be raised in January',
      },
    ]);
  });

  test('fails for a gateway in a region without function URLs', async () => {
    const args = ['policy', 'check', '--region', 'us-gov-west-1'];
    const { status, stderr } = await runCli(args, { env: { AWS_REGION: 'eu-west-1' } });
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^ {2}governance\.yaml:\d+:3 {2}gateway\.enabled: true needs Lambda function URLs, /m,
    );
  });

  test.each(['AWS_REGION', 'AWS_DEFAULT_REGION'])('takes the region of %s', async (name) => {
    const { status, stderr } = await spawnCli(['policy', 'check'], {
      env: { [name]: 'us-gov-west-1' },
    });
    expect({ status, said: stderr.includes('us-gov-west-1') }).toEqual({ status: 2, said: true });
  });

  test('reads a policy from stdin', async () => {
    const stdin = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8');
    const right = await runCli(['policy', 'check', '-'], { stdin });
    expect(right.stdout).toMatch(/^✓ stdin is a valid policy$/m);
    const wrong = await runCli(['policy', 'check', '-'], { stdin: 'workspaces: []\n' });
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toMatch(
      /^error: stdin has 1 problem:\n {2}stdin:1:1 {2}workspaces: \[\] is too short/,
    );
    const empty = await runCli(['policy', 'check', '--policy', '-', '--json']);
    expect(documentOf(empty).error).toMatchObject({
      code: 'policy_unreadable',
      message: 'stdin has 1 problem:',
      problems: [expect.stringMatching(/^stdin:1:1 {2}the policy is empty: /)],
    });
  });

  test('annotates the lines of a pull request on GitHub', async () => {
    const path = join(folder, 'a,b.yaml');
    writeFileSync(path, 'workspaces: []\naudit: { timezone: "100%\\n::set-env" }\n');
    const run = await runCli(['policy', 'check', path, '--format', 'github'], {
      repository: dirname(folder),
    });
    const file = `file=${basename(folder)}/a%2Cb.yaml`;
    expect(run).toEqual({
      status: 2,
      stderr: '',
      stdout: `::error ${file},line=1,col=1::workspaces: [] is too short, must be at least 1 entry
::error ${file},line=2,col=10::audit.timezone: "100%25\\n::set-env" must be an IANA time zone such as Europe/Paris
`,
    });
    const right = await runCli(['policy', 'check', '--format', 'github']);
    expect(right.status).toBe(0);
    const stdin = await runCli(['policy', 'check', '-', '--format', 'github'], { stdin: 'a: [' });
    expect(stdin.stdout).toBe('::error::the "[" is not closed: add the "]"\n');
    const missing = await runCli(['policy', 'check', 'none.yaml', '--format', 'github']);
    expect(missing.stdout).toMatch(/^::error file=none\.yaml::policy none\.yaml could not be read/);
  });

  test('fails for a missing file', async () => {
    const run = await runCli(['policy', 'check', join(folder, 'none.yaml'), '--json']);
    expect(run.status).toBe(2);
    expect(documentOf(run).error).toMatchObject({
      code: 'policy_unreadable',
      message: expect.stringMatching(
        /^policy .*none\.yaml could not be read: there is no such file$/,
      ),
    });
  });
});
