import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandAt } from '../../../governance/alerts/alert-origin.js';
import { keyInUse } from '../../../governance/keys/alerts/in-use-alerts.js';
import { HERE } from '../../support/alert-place.js';
import { aRetirement } from '../../support/builders.js';
import { SHELLS, shellsHere } from '../../support/pasted-commands.js';

const JQ = join(import.meta.dirname, '../../../e2e/jq.mjs');
const retirement = aRetirement();
const read = (time: string, secretId: unknown, principal: string) => ({
  CloudTrailEvent: JSON.stringify({
    eventTime: time,
    userIdentity: { arn: principal },
    requestParameters: secretId === null ? null : { secretId },
  }),
});
const events = [
  read('2026-04-07T09:00:00Z', retirement.secretName, 'arn:aws:sts::1:assumed-role/billing/a'),
  read('2026-04-07T08:00:00Z', `${retirement.secretName}-2`, 'arn:aws:sts::1:assumed-role/other/b'),
  read('2026-04-06T08:00:00Z', null, 'arn:aws:sts::1:assumed-role/denied/c'),
  read('2026-04-05T08:00:00Z', retirement.secretId, 'arn:aws:sts::1:assumed-role/search/d'),
];

test.each(shellsHere())(
  'pasted into %s, the command lists who read this secret, by name or ARN',
  (name) => {
    const [step] = keyInUse({
      retirement,
      verdict: { lastUsedOn: '2026-04-07', checkAt: '2026-04-09T01:00:00.000Z' },
      at: new Date('2026-04-08T01:00:00Z'),
      executionArn: 'arn:execution',
      stateMachineArn: 'arn:machine',
    }).nextSteps;
    const folder = mkdtempSync(join(tmpdir(), 'readers-'));
    writeFileSync(
      join(folder, 'events.json'),
      JSON.stringify(events.map((one) => one.CloudTrailEvent)),
    );
    const prelude = [
      `aws() { case "$*" in "cloudtrail lookup-events --region eu-west-1 "*"--start-time 2026-04-01"*) cat '${folder}/events.json';; esac; }`,
      `jq() { '${process.execPath}' '${JQ}' "$@"; }`,
    ];
    const [program, ...options] = SHELLS[name];
    const { stdout, stderr } = spawnSync(program, options, {
      input: `${[...prelude, commandAt(step?.command ?? '', HERE.origin)].join('\n')}\nexit\n`,
      encoding: 'utf8',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HISTFILE: '', PS1: '', LC_ALL: 'C' },
    });
    expect(stdout.split('\n').filter(Boolean), stderr).toEqual([
      '2026-04-07T09:00:00Z\tarn:aws:sts::1:assumed-role/billing/a',
      '2026-04-05T08:00:00Z\tarn:aws:sts::1:assumed-role/search/d',
    ]);
  },
);
