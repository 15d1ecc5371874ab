import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../governance/audit/finding.js';
import type { CountedKey } from '../../governance/audit/unmanaged-keys.js';
import { readPolicyText } from '../../governance/policy/policy-yaml.js';
import { aFinding, DEV } from '../support/audit-builders.js';
import { openCliWorld } from './cli-world.js';
import { documentOf } from './run-cli.js';

const SHIPPED = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8');
const GIVEN = ['--reason', 'moves in spring', '--until', '2027-03-31'];

const ofKey = (type: Finding['type'], index: number) =>
  aFinding({
    id: `${type}#x#k${index}`,
    type,
    subject: `notebook-${index}`,
    evidence: { keyId: `k${index}`, createdBy: 'alice@example.com' },
  });
const stale = aFinding({
  id: 'stale#x#dev',
  subject: DEV,
  evidence: { secret: DEV, team: 'devs' },
});
const many = aFinding({
  id: 'no-expiry#x#many',
  type: 'no-expiry',
  severity: 'info',
  subject: '61 keys',
  evidence: { count: '61' },
});
const counted: CountedKey[] = Array.from({ length: 60 }, (_, i) => ({
  keyId: `m${String(i).padStart(2, '0')}`,
  key: `legacy-${i}`,
  workspace: 'ml-workspace',
  owner: 'bob@example.com',
  findings: ['no-expiry'],
}));
const FOUND = {
  findings: [
    aFinding({ id: 'missing#x', type: 'missing', severity: 'critical', subject: DEV }),
    aFinding({ id: 'orphaned#x', type: 'orphaned', subject: 'lost' }),
    ofKey('unmanaged', 2),
    ofKey('unmanaged', 1),
    stale,
  ],
  countedTogether: [] as CountedKey[],
};

/** The command line on the shipped policy and a deployed audit that finds this. */
async function auditOf(found: Partial<typeof FOUND> = {}, policy = SHIPPED) {
  const summary = { keys: 9, opened: 0, reminded: 0, resolved: 0, models: 'checked', problems: [] };
  let runs = 0;
  const world = await openCliWorld({
    outputs: { AuditFunctionName: 'audit', RetirementStateMachineArn: 'arn:flow' },
    functions: () => ({
      audit: async () => {
        runs += 1;
        return { ...summary, ...FOUND, ...found };
      },
    }),
  });
  writeFileSync(world.policyPath, policy);
  return {
    run: (args: readonly string[], options: Parameters<typeof world.run>[1] = {}) =>
      world.run(['audit', ...args], options),
    runs: () => runs,
    policy: () => readFileSync(world.policyPath, 'utf8'),
    path: world.policyPath,
  };
}

/** What an edit added to the shipped policy. */
function added(policy: string): string {
  const start = SHIPPED.indexOf('\nalerts:');
  expect(policy.startsWith(SHIPPED.slice(0, start))).toBe(true);
  expect(policy.endsWith(SHIPPED.slice(start))).toBe(true);
  return policy.slice(start, policy.length - (SHIPPED.length - start));
}

describe('audit --accept', () => {
  test('writes an entry for each type into the policy, and changes nothing else of it', async () => {
    const { run, policy, path } = await auditOf();
    const { status, stdout } = await run(['--accept', ...GIVEN, '--yes']);
    expect(stdout).toBe(`✓ 3 findings accepted in ${path}, in 2 entries
! 2 findings are never accepted: critical, or of a type such as orphaned
Review the change, then: npx cdk deploy --all
`);
    expect(status).toBe(0);
    expect(added(policy())).toBe(`  accepted:
    - type: unmanaged
      subject:
        - k1 # notebook-1 (dev-workspace, alice@example.com)
        - k2 # notebook-2 (dev-workspace, alice@example.com)
      reason: moves in spring
      until: 2027-03-31
    - type: stale
      subject: mistral/dev-workspace/dev-team-key
      reason: moves in spring
      until: 2027-03-31
`);
  });

  test('writes nothing the second time', async () => {
    const { run, policy } = await auditOf();
    await run(['--accept', ...GIVEN, '--yes']);
    const once = policy();
    const { status, stdout } = await run(['--accept', ...GIVEN, '--yes']);
    expect(stdout).toMatch(/^nothing to accept\n/);
    expect([status, policy()]).toEqual([0, once]);
  });

  test('writes again what was accepted until a day that is over', async () => {
    const { run, policy } = await auditOf({ findings: [stale] });
    await run(['--accept', '--reason', 'a', '--until', '2026-11-24', '--yes']);
    const { stdout } = await run(['--accept', ...GIVEN, '--yes'], {
      now: () => new Date('2026-11-25T00:00:00Z'),
    });
    expect(stdout).toContain('1 finding accepted');
    expect(policy().match(/- type: stale/g)).toHaveLength(2);
  });

  test('names the keys behind findings that count many', async () => {
    const { run, policy } = await auditOf({ findings: [many], countedTogether: counted });
    const { stdout } = await run(['--accept', ...GIVEN, '--yes']);
    expect(stdout).toContain('60 findings accepted');
    expect(stdout).toContain('! 1 more finding is not listed by name');
    const text = added(policy());
    expect(text).toContain('        - m07 # legacy-7 (ml-workspace, bob@example.com)\n');
    expect(text.match(/ # legacy/g)).toHaveLength(60);
  });

  test.each<[string[], string[]]>([
    [
      ['--type', 'unmanaged'],
      ['unmanaged k1', 'unmanaged k2'],
    ],
    [
      ['--type', 'stale', 'no-expiry', '--subject', 'legacy-1*', '*key'],
      [
        'stale mistral/dev-workspace/dev-team-key',
        ...[1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map(
          (i) => `no-expiry m${String(i).padStart(2, '0')}`,
        ),
      ],
    ],
    [['--subject', 'k2'], ['unmanaged k2']],
    [['--subject', 'nothing'], []],
    [['--workspace', 'ml-workspace', '--subject', 'm01'], ['no-expiry m01']],
  ])('with %j accepts only these', async (filter, expected) => {
    const { run } = await auditOf({
      findings: [...FOUND.findings, many],
      countedTogether: counted,
    });
    const { entries } = documentOf(await run(['--accept', ...filter, ...GIVEN, '--yes', '--json']));
    expect(
      entries.flatMap(({ type, subject }: { type: string; subject: string[] }) =>
        subject.map((one) => `${type} ${one}`),
      ),
    ).toEqual(expect.arrayContaining(expected));
    expect(entries.flatMap(({ subject }: { subject: string[] }) => subject)).toHaveLength(
      expected.length,
    );
  });

  test('--dry-run prints the entries and writes nothing', async () => {
    const { run, policy } = await auditOf();
    const { status, stdout } = await run(['--accept', '--dry-run', '--type', 'stale']);
    expect(stdout).toBe(`audit:
  accepted:
    - type: stale
      subject: mistral/dev-workspace/dev-team-key
      reason: (the reason)
      until: (the last day, such as 2027-03-31)
`);
    expect([status, policy()]).toEqual([0, SHIPPED]);
  });

  test('asks for the reason, the day and a yes', async () => {
    const { run, policy } = await auditOf();
    const typed = [
      ['Why do they stay', '\r'],
      ['must say why', 'moves in spring\r'],
      ['Until which day', '\r'],
      ['Accept 3 findings?', 'y\r'],
    ] as const;
    const { status, stderr } = await run(['--accept'], { typed });
    expect(stderr).toContain('unmanaged: 2 findings, notebook-2 (dev-workspace) and notebook-1');
    expect(stderr).toContain('must say why');
    expect(status).toBe(0);
    expect(added(policy())).toContain('reason: moves in spring\n      until: 2027-02-22\n');
  });

  test('writes nothing after a no', async () => {
    const { run, policy } = await auditOf();
    const { status, stderr } = await run(['--accept', ...GIVEN], { typed: ['n\r'] });
    expect([status, policy()]).toEqual([1, SHIPPED]);
    expect(stderr).toContain('nothing was accepted');
  });

  test.each<[string, string[], string]>([
    ['without a terminal, a reason and a day', ['--accept', '--yes'], 'add --reason'],
    ['without a reason', ['--accept', '--yes', ...GIVEN.slice(2)], 'add --reason'],
    [
      'with a day that is over',
      ['--accept', '--yes', '--reason', 'x', '--until', '2026-11-23'],
      '--until: 2026-11-23 is over: must be today or later',
    ],
    [
      'with something else than a day',
      ['--accept', '--yes', '--reason', 'x', '--until', 'soon'],
      '--until: must be a day such as 2027-03-31',
    ],
    [
      'with an empty reason',
      ['--accept', '--yes', '--reason', ' ', '--until', '2027-03-31'],
      '--reason: must say why the findings are accepted',
    ],
    ['with a type that is never accepted', ['--accept', '--type', 'orphaned'], 'orphaned'],
    ['with filters alone', ['--type', 'stale'], 'add --accept'],
  ])('%s runs no audit', async (_name, args, message) => {
    const { run, runs, policy } = await auditOf();
    const { status, stderr } = await run(args);
    expect([status, runs(), policy()]).toEqual([2, 0, SHIPPED]);
    expect(stderr).toContain(message);
  });

  test('without a terminal and --yes writes nothing', async () => {
    const { run, policy } = await auditOf();
    const { status, stderr } = await run(['--accept', ...GIVEN]);
    expect([status, policy()]).toEqual([1, SHIPPED]);
    expect(stderr).toContain('this would accept 3 findings in');
    expect(stderr).toContain('add --yes to confirm');
  });

  test('asks no question with --json', async () => {
    const { run } = await auditOf();
    const { status, stdout } = await run(['--accept', ...GIVEN, '--json'], { typed: ['y\r'] });
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error.code).toBe('not_confirmed');
  });

  test('a name with line breaks stays a comment', async () => {
    const hostile = { ...ofKey('unmanaged', 3), subject: 'x\n    - type: stale\n' };
    const { run, policy } = await auditOf({ findings: [hostile] });
    await run(['--accept', ...GIVEN, '--yes']);
    expect(readPolicyText(policy()).document).toMatchObject({
      audit: { accepted: [{ type: 'unmanaged', subject: 'k3' }] },
    });
  });
});
