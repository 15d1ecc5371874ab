import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import type { Policy } from '../../governance/policy/policy.js';
import { callInProcess } from '../../testing/in-process.js';
import type { World } from '../../testing/world.js';
import { openCliWorld } from '../cli/cli-world.js';
import { aPolicy } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';
import { ONE_KEY, openWorld, shareDynamo } from '../support/on-call-world.js';
import { dayOf } from '../support/stories.js';

shareDynamo();

const SHIPPED = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8').replace(
  'gateway:\n  enabled: true',
  'gateway:\n  enabled: false',
);
const policy = aPolicy((document) => {
  document.gateway = { enabled: false };
});
const OWNERS = ['alice@example.com', 'bob@example.com', 'carol@example.com', 'dan@example.com'];

/** `audit --accept` on the policy's file, and the policy that it leaves there. */
async function acceptAll(
  { audit, clock }: Pick<World, 'audit' | 'clock'>,
  until: string,
): Promise<Policy> {
  const outputs = { AuditFunctionName: 'audit', RetirementStateMachineArn: 'arn:flow' };
  const { policyPath, run } = await openCliWorld({ outputs, functions: () => ({ audit }) });
  writeFileSync(policyPath, SHIPPED);
  const types = ['--type', 'unmanaged', 'never-used', 'no-expiry'];
  const reason = ['--reason', 'moves to managed secrets in spring', '--until', until];
  const { status, stdout } = await run(['audit', '--accept', ...types, ...reason, '--yes'], {
    now: clock.now,
  });
  expect([status, stdout]).toEqual([0, expect.stringContaining('900 findings accepted')]);
  return loadPolicy(policyPath);
}

/** An organization with 300 keys that its users created forty days ago, on the day of its first audit. */
async function openOrganization() {
  const definition = definitionFor(ONE_KEY); // no key is retired here
  const world = await openWorld({ policy, definition, connect: callInProcess });
  const { keys } = world.mistral;
  for (let index = 0; index < 300; index += 1) {
    const share = index < 180 ? 0 : index < 280 ? 1 : 2;
    keys.create({
      name: `notebook-${index}`,
      workspaceId: policy.workspaces[share]?.id ?? '',
      userId: OWNERS[index % OWNERS.length] ?? '',
    });
  }
  await world.provision();
  await world.clock.playUntil(dayOf(40));
  let seen = world.inbox.messages.length;
  return {
    ...world,

    /** The mails of an audit on a day. */
    async night(day: number) {
      await world.clock.playUntil(dayOf(day));
      seen = world.inbox.messages.length;
      const summary = await world.audit();
      const mails = world.inbox.messages.slice(seen);
      return { summary, mails };
    },

    /** The last evidence of that name. */
    stored: (file: string) =>
      [...world.objects.objects].findLast(([name]) => name.endsWith(file))?.[1].body ?? '',
  };
}

test('the first night of 300 unmanaged keys is one mail, and what is accepted is silent until its day', async () => {
  const organization = await openOrganization();
  const { night, deploy, stored } = organization;
  const first = await night(40);
  expect(first.mails.map(({ subject }) => subject)).toEqual([
    'WARNING: 300 new unmanaged Mistral keys in 3 workspaces and 4 of other kinds; 904 findings open',
  ]);
  expect(first.summary.opened).toBe(904);
  const page = stored('report.html');
  expect(page).toContain('<strong>304</strong> warning findings');
  expect(page).toContain('<strong>600</strong> info findings');
  const email = first.mails[0]?.bodies.email ?? '';
  expect(email).toContain(`- dev-workspace: 181 keys and secrets
- ml-workspace: 101 keys and secrets
- prod-workspace: 22 keys and secrets`);
  for (const owner of OWNERS) expect(email).toContain(`- ${owner}: 75 keys and secrets`);
  expect(email).toMatch(
    /\n10\. WARNING {2}notebook-\d+ .*\n\nand 294 more\n\nFull report: aws s3 cp/s,
  );

  const until = dayOf(60).toISOString().slice(0, 10);
  await deploy(await acceptAll(organization, until));
  const after = await night(42);
  expect(after.mails).toEqual([]);
  expect(after.summary).toMatchObject({ accepted: 900, resolved: 0 });
  expect(after.summary.findings.map(({ type }) => type)).toEqual([
    'stale',
    'stale',
    'stale',
    'stale',
  ]);
  const { findings, accepted, acceptedLeftOut } = JSON.parse(stored('inventory.json'));
  expect([findings.length, accepted.length, acceptedLeftOut]).toEqual([4, 900, 0]);
  expect(accepted[0]).toMatchObject({ reason: 'moves to managed secrets in spring', until });

  const back = await night(61);
  expect(back.mails.map(({ subject }) => subject)).toEqual([
    'WARNING: 300 new unmanaged Mistral keys in 3 workspaces and 3 of other kinds; 907 findings open',
  ]);
});
