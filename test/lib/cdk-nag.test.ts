import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import type { Policy } from '../../governance/policy/policy.js';
import { GovernanceStack } from '../../lib/governance-stack.js';
import { aPolicy } from '../support/builders.js';
import { TWO_EXISTING } from '../support/existing-secrets.js';
import { nag, readable } from '../support/nag.js';
import { testApp } from '../support/synth.js';

const withoutGateway = () =>
  aPolicy((document) => {
    document.gateway.enabled = false;
  });

const REPORTS = {
  'as shipped': reportOn(aPolicy()),
  'without the gateway': reportOn(withoutGateway()),
  'without the Admin API': reportOn(
    loadPolicy(join(import.meta.dirname, '../../examples/operator.yaml')),
  ),
  'with secrets that were there before': reportOn(TWO_EXISTING),
  'that goes with its stack': reportOn(aPolicy(), { ephemeral: true }),
};

test.each(Object.entries(REPORTS))(
  'AWS Solutions, Serverless and NIST 800-53 find nothing unexplained in a system %s',
  (_, { open }) => {
    expect(open).toEqual([]);
  },
);

describe('an acknowledgement', () => {
  const reports = Object.values(REPORTS);
  const acknowledgements = reports.flatMap((report) => report.acknowledgements);

  test('is there only where a rule would report a finding without it', () => {
    const needed = new Set(reports.flatMap((report) => [...report.needed]));
    const dead = acknowledgements.map(readable).filter((one) => !needed.has(one));
    expect(dead).toEqual([]);
  });

  test('has its row in the security page', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)]);
    const rules = acknowledgements.map(({ rule }) => rule.replace(/\[.*/, ''));
    expect(named.map(([, rule]) => rule).sort()).toEqual([...new Set(rules)].sort());
  });

  test('says why, in a sentence', () => {
    const mute = acknowledgements.filter(({ reason }) => reason.split(' ').length < 4);
    expect(mute).toEqual([]);
  });
});

function reportOn(policy: Policy, props: { readonly ephemeral?: boolean } = {}) {
  const app = testApp();
  new GovernanceStack(app, 'MistralGovernance', { policy, ...props });
  return nag(app);
}
