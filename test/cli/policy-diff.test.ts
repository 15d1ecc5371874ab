import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parsePolicy } from '../../governance/policy/parse-policy.js';
import { jsonAnswer } from '../../testing/fakes/http-server.js';
import { policyDocument } from '../support/builders.js';
import { openCliWorld } from './cli-world.js';
import { documentOf, runCli } from './run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'policy-diff-'));
const SHIPPED = 'governance.yaml';

function written(name: string, change: (document: ReturnType<typeof policyDocument>) => void) {
  const document = policyDocument();
  change(document);
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(document, undefined, 1));
  return path;
}

const wider = written('wider.yaml', ({ workspaces }) => {
  workspaces[1].budgets.monthlyUsd = 800;
});
const narrower = written('narrower.yaml', ({ workspaces }) => {
  workspaces[1].budgets.monthlyUsd = 400;
});

describe('policy diff', () => {
  test.each([
    [wider, 1, '✗', 'widens access or budgets', '+ ml-workspace: spends up to 800.00 USD a month'],
    [narrower, 0, '✓', 'narrows access or budgets', '- ml-workspace: spends up to 400.00 USD'],
  ])('of %s exits with %i', async (path, status, sign, verdict, line) => {
    const run = await runCli(['policy', 'diff', SHIPPED, path]);
    expect(run).toMatchObject({ status, stderr: '' });
    expect(run.stdout).toContain(`${sign} ${path} ${verdict}, compared with governance.yaml\n`);
    expect(run.stdout).toContain(line);
  });

  test('of a renamed copy with reordered lists says that they are the same', async () => {
    const copy = written('copy.yaml', ({ workspaces, callers }) => {
      workspaces.reverse();
      callers.reverse();
    });
    const run = await runCli(['policy', 'diff', SHIPPED, copy]);
    expect(run).toEqual({
      status: 0,
      stdout: `✓ ${copy} says the same as governance.yaml\n`,
      stderr: '',
    });
  });

  test('takes one of the two from stdin, and the new one from --policy', async () => {
    const stdin = readFileSync(SHIPPED, 'utf8');
    const run = await runCli(['policy', 'diff', '-', '--policy', wider], { stdin });
    expect(run.stdout).toContain(`${wider} widens access or budgets, compared with stdin`);
    const reversed = await runCli(['policy', 'diff', wider, '-'], { stdin });
    expect(reversed.stdout).toContain(`stdin narrows access or budgets, compared with ${wider}`);
  });

  test('with --json has the claims, the lines of the new file, and money in nano-units', async () => {
    const run = await runCli(['policy', 'diff', SHIPPED, wider, '--json']);
    const document = documentOf(run);
    expect(document).toMatchObject({
      old: SHIPPED,
      effect: 'widens',
      changes: [{ section: 'limits', effect: 'widens', path: 'workspaces[1].budgets' }],
      limits: [{ kind: 'own', window: 'month', after: { unit: 'usd', limit: 800_000_000_000 } }],
      monthlyBudgets: { before: { nanos: 2_550_000_000_000, unlimited: 0 } },
      deploy: ['updates the functions, each of which carries the policy'],
    });
    const lines = readFileSync(wider, 'utf8').split('\n');
    expect(lines[document.changes[0].line - 1]).toContain('"budgets"');
  });

  test('annotates what widens', async () => {
    const run = await runCli(['policy', 'diff', narrower, wider, '--format', 'github'], {
      repository: folder,
    });
    expect(run.stdout).toMatch(
      /^::warning file=wider\.yaml,line=\d+,col=\d+::workspaces\[1\]\.budgets: ml-workspace: spends up to 800\.00 USD a month instead of 400\.00 USD \(\+400\.00 USD\)\n$/,
    );
  });

  test('quotes names for a comment, in which none is a mention, a link or markup', async () => {
    const hostile = '@team `x` <img src=x> [a](https://evil.example)\n\n# head';
    const named = written('hostile.yaml', ({ workspaces, audit }) => {
      workspaces[0].team = hostile;
      workspaces[0].keys[0].description = '``` fence';
      audit.accepted = [
        { type: 'unmanaged', subject: '*', reason: '| @here', until: '2027-03-31' },
      ];
    });
    const { stdout } = await runCli(['policy', 'diff', SHIPPED, named, '--format', 'markdown']);
    expect(stdout).toMatch(/^<!-- mistral-governance policy diff -->\n### `/);
    const outside = stdout
      .split('\n')
      .map((line) => line.replaceAll(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, ''))
      .slice(1)
      .join('\n');
    expect(outside).not.toMatch(/[@<>[\]|]|https?:|fence|head/);
    expect(stdout.split('\n').every((line) => !/^# /.test(line))).toBe(true);
  });

  test('fits into a comment, and counts what does not', async () => {
    const large = written('large.yaml', (document) => {
      const [model] = document.workspaces;
      document.workspaces.push(
        ...Array.from({ length: 1000 }, (_, at) => ({
          ...model,
          name: `workspace-${at}`,
          id: `6c1f0a0e-52f4-4f8e-9d43-${String(at).padStart(12, '0')}`,
          keys: [],
        })),
      );
    });
    const { stdout, status } = await runCli([
      'policy',
      'diff',
      SHIPPED,
      large,
      '--format',
      'markdown',
    ]);
    expect(status).toBe(1);
    expect(stdout.length).toBeLessThan(65_536);
    expect(stdout).toMatch(/\n- and \d+ more, which `--json` lists\n/);
  });

  test.each([
    [['governance.yaml', 'missing.yaml'], 'policy_unreadable', 'missing.yaml'],
    [['missing.yaml', 'governance.yaml'], 'policy_unreadable', 'missing.yaml'],
    [[], 'wrong_input', 'the old policy is missing'],
    [['-', '-'], 'wrong_input', 'only one of the two can be -'],
    [['--deployed', 'a.yaml', 'b.yaml'], 'wrong_input', 'name the new file alone'],
  ])('of %j exits with 2', async (args, code, message) => {
    const run = await runCli(['policy', 'diff', ...args, '--json']);
    expect(run.status).toBe(2);
    expect(documentOf(run).error).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('names the file that has errors', async () => {
    const wrong = written('wrong.yaml', ({ workspaces }) => {
      workspaces[0].requestsPerMinute = 0;
    });
    const run = await runCli(['policy', 'diff', wrong, SHIPPED]);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(`error: ${wrong} has 1 problem:`);
  });
});

describe('policy diff --deployed', () => {
  /** Lambda, and the bucket that it keeps code in. */
  async function openDeployed(answers: readonly (readonly [status: number, body: Uint8Array])[]) {
    let downloads = 0;
    const bucket = createServer((request, response) => {
      const [status = 500, body] = answers[Math.min(downloads, answers.length - 1)] ?? [];
      downloads += 1;
      const isSigned = request.url === '/code.zip?X-Amz-Signature=a%2Fb';
      response.writeHead(isSigned ? status : 403).end(body);
    }).listen(0);
    onTestFinished(() => void bucket.close());
    const { port } = bucket.address() as AddressInfo;
    const Location = `http://127.0.0.1:${port}/code.zip?X-Amz-Signature=a%2Fb`;
    const world = await openCliWorld({
      outputs: { AuditFunctionName: 'audit', RetirementStateMachineArn: 'arn:aws:states:x' },
      intercept: ({ method, url }) =>
        method === 'GET' && url.pathname.endsWith('/functions/audit')
          ? jsonAnswer(200, { Code: { Location } })
          : undefined,
    });
    return { ...world, downloads: () => downloads };
  }

  function zipOf(document: object | undefined): Uint8Array {
    const parsed = document && parsePolicy(document);
    if (parsed && !parsed.ok) throw new Error('not a policy');
    const policy = parsed && { 'policy.json': strToU8(JSON.stringify(parsed.policy)) };
    return zipSync({ 'index.mjs': strToU8('export {}'), ...policy });
  }

  test('reads the policy beside the code of a function, also after a failed download', async () => {
    const zip = zipOf(policyDocument());
    const world = await openDeployed([
      [503, new Uint8Array()],
      [200, zip],
    ]);
    const run = await world.run(['policy', 'diff', '--deployed', SHIPPED]);
    expect(run).toMatchObject({
      status: 0,
      stdout: '✓ governance.yaml says the same as the policy of stack MistralGovernance\n',
    });
    const more = await world.run(['policy', 'diff', '--deployed', wider, '--json']);
    expect(more.status).toBe(1);
    expect(documentOf(more)).toMatchObject({ old: 'the policy of stack MistralGovernance' });
  });

  test.each([
    ['a refusal', [403, new Uint8Array()] as const, 3, 'aws_unreachable', 'status 403'],
    ['no zip', [200, strToU8('<html>')] as const, 1, 'unexpected_answer', 'is not a zip file'],
    ['no policy', [200, zipOf(undefined)] as const, 1, 'unexpected_answer', 'has no policy.json'],
    [
      'a later version',
      [200, zipSync({ 'policy.json': strToU8('{"agents":[]}') })] as const,
      1,
      'unexpected_answer',
      'is of another version than this command line',
    ],
  ])('says what is wrong with %s', async (_name, answer, status, code, message) => {
    const world = await openDeployed([answer]);
    const run = await world.run(['policy', 'diff', '--deployed', SHIPPED, '--json']);
    expect(run.status).toBe(status);
    expect(documentOf(run).error).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
