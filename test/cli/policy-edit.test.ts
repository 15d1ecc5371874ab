import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type NewEntry, withAccepted } from '../../cli/audit/policy-edit.js';
import { readPolicyText } from '../../governance/policy/policy-yaml.js';

const entry: NewEntry = {
  type: 'unmanaged',
  reason: 'moves: in spring',
  until: '2027-03-31',
  subjects: [{ subject: 'k1', note: 'notebook (dev-workspace)' }, { subject: 'legacy-*' }],
};
const LIST = `- type: unmanaged
  subject:
    - k1 # notebook (dev-workspace)
    - legacy-*
  reason: "moves: in spring"
  until: 2027-03-31
`;
const at = (columns: number) => LIST.replaceAll(/^(?=.)/gm, ' '.repeat(columns));

describe('entries are added in lines of their own', () => {
  test.each<[string, string, string]>([
    [
      'at the end of audit',
      'audit:\n  timezone: UTC   # aligned\n\n  maxAgeDays: 90  # days\n# of alerts\nalerts: {}\n',
      `audit:\n  timezone: UTC   # aligned\n\n  maxAgeDays: 90  # days\n  accepted:\n${at(4)}# of alerts\nalerts: {}\n`,
    ],
    [
      'behind the entries that are there, as far to the right as they are',
      'audit:\n    accepted:\n    -   type: stale # old\n        subject: "x"\n\n    # the end\n    maxAgeDays: 90\n',
      `audit:\n    accepted:\n    -   type: stale # old\n        subject: "x"\n${at(4)}\n    # the end\n    maxAgeDays: 90\n`,
    ],
    [
      'behind a last value of several lines',
      'audit:\n  accepted:\n    - reason: |\n        a\n        b\n\nroles: {}\n',
      `audit:\n  accepted:\n    - reason: |\n        a\n        b\n${at(4)}\nroles: {}\n`,
    ],
    [
      'in the place of an empty list',
      'audit:\n  accepted: [] # none\n  maxAgeDays: 90\n',
      `audit:\n  accepted: # none\n${at(4)}  maxAgeDays: 90\n`,
    ],
    [
      'where nothing is written yet',
      'audit:\n  accepted:\n  maxAgeDays: 90\n',
      `audit:\n  accepted:\n${at(4)}  maxAgeDays: 90\n`,
    ],
    ['below an empty audit', 'audit:\nroles: {}\n', `audit:\n  accepted:\n${at(4)}roles: {}\n`],
    ['below {}', 'audit: {}\nroles: {}\n', `audit:\n  accepted:\n${at(4)}roles: {}\n`],
    [
      'without an audit',
      '# policy\nroles: {}',
      `# policy\nroles: {}\n\naudit:\n  accepted:\n${at(4)}`,
    ],
    [
      'at the end of a file without a line end',
      'audit:\n  maxAgeDays: 90',
      `audit:\n  maxAgeDays: 90\n  accepted:\n${at(4)}`,
    ],
    [
      'with the line ends and the mark that are there',
      '\uFEFFaudit:\r\n  maxAgeDays: 90\r\n',
      `\uFEFFaudit:\r\n  maxAgeDays: 90\r\n  accepted:\r\n${at(4).replaceAll('\n', '\r\n')}`,
    ],
  ])('%s', (_name, before, after) => {
    expect(withAccepted(before, [entry])).toBe(after);
  });
});

describe('where it is not written in lines, the file gets another layout', () => {
  test.each<[string, string, string]>([
    [
      'with its comments and its order',
      '# first\nroles: {}\naudit: { timezone: UTC } # flow\n# last\n',
      `# first\nroles: {}\naudit:\n  timezone: UTC\n  accepted:\n${at(4)}  # flow`,
    ],
    [
      'also where entries are in brackets',
      'audit:\n  accepted: [{ type: stale, subject: x, reason: y, until: 2027-01-01 }]\n',
      `audit:\n  accepted:\n    - {type: stale, subject: x, reason: y, until: 2027-01-01}\n${at(4)}`,
    ],
    [
      'and JSON stays JSON',
      '{\n    "audit": {},\n    "roles": {}\n}\n',
      '{\n    "audit": {\n        "accepted": [\n            {\n                "type": "unmanaged",',
    ],
  ])('%s', (_name, before, start) => {
    const edited = withAccepted(before, [entry]);
    expect(edited.startsWith(start)).toBe(true);
    const value = readPolicyText(edited).document as { audit: { accepted: object[] } };
    expect(value.audit.accepted.at(-1)).toEqual({
      type: 'unmanaged',
      subject: ['k1', 'legacy-*'],
      reason: 'moves: in spring',
      until: '2027-03-31',
    });
    for (const comment of before.match(/# \w+/g) ?? []) expect(edited).toContain(comment);
  });
});

test.each(['governance.yaml', 'examples/operator.yaml'])(
  '%s changes by the new lines alone',
  (name) => {
    const before = readFileSync(join(import.meta.dirname, '../..', name), 'utf8');
    const once = withAccepted(before, [entry]);
    const twice = withAccepted(once, [{ ...entry, subjects: [{ subject: 'k2' }] }]);
    const added = twice.split('\n').filter((line) => !before.includes(line));
    expect(before.split('\n')).toEqual(
      twice.split('\n').filter((line) => !added.includes(line) || before.includes(line)),
    );
    expect(added.filter((line) => line.includes('subject: k2'))).toHaveLength(1);
  },
);

test('a name cannot leave its comment', () => {
  const note = 'x\n  - type: unmanaged';
  const edited = withAccepted('audit: {}\n', [{ ...entry, subjects: [{ subject: 'k1', note }] }]);
  expect(readPolicyText(edited).document).toMatchObject({
    audit: { accepted: [{ subject: 'k1' }] },
  });
});
