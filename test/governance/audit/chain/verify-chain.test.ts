import { describe, expect, test } from 'vitest';
import {
  appendManifest,
  type ChainLink,
} from '../../../../governance/audit/chain/append-manifest.js';
import type { ChainFault } from '../../../../governance/audit/chain/chain-report.js';
import { manifestPath, sha256 } from '../../../../governance/audit/chain/manifest.js';
import { verifyChain } from '../../../../governance/audit/chain/verify-chain.js';
import { keepEvidence } from '../../../../governance/audit/keep-evidence.js';
import { addDays } from '../../../../governance/platform/utc-day.js';
import { aPolicy, silentLog } from '../../../support/builders.js';
import { aReport } from '../../../support/evidence.js';
import { type EvidenceBucket, evidenceBucket } from '../../../support/evidence-bucket.js';

const START = '2026-06-30';
const policy = aPolicy((document) => {
  document.audit.timezone = 'UTC';
});

/** The audit of a night, at the hour of the policy's schedule unless another is given. */
async function audited(
  bucket: EvidenceBucket,
  day: string,
  time = '04:00:10',
  audit: Partial<typeof policy.audit> = {},
) {
  const deps = {
    policy: { ...policy, audit: { ...policy.audit, ...audit } },
    evidence: bucket.store,
    log: silentLog,
  };
  const kept = await keepEvidence(deps, aReport({ at: new Date(`${day}T${time}Z`) }));
  expect(kept.problems).toEqual([]);
  return kept.manifest as ChainLink;
}

async function nights(count: number, bucket = evidenceBucket()): Promise<EvidenceBucket> {
  for (let night = 0; night < count; night += 1) await audited(bucket, addDays(START, night));
  return bucket;
}

const at = (day: string) => new Date(`${day}T12:00:00Z`);

/** What is wrong a few hours after the last of so many nights. */
async function verify(
  bucket: EvidenceBucket,
  query: Partial<Parameters<typeof verifyChain>[1]> = {},
) {
  return verifyChain(bucket.store, { now: at(addDays(START, 6)), ...query });
}

function fileOf(bucket: EvidenceBucket, day: string, name: string): string {
  const path = [...bucket.files.keys()].find((one) => one.includes(day) && one.endsWith(name));
  if (path === undefined) throw new Error(`${day} has no ${name}`);
  return path;
}

/** A copy of the bucket after seven nights, for one change. */
const week = nights(7);
async function aWeek(): Promise<EvidenceBucket> {
  const bucket = evidenceBucket();
  for (const [path, bytes] of (await week).files) bucket.files.set(path, bytes);
  return bucket;
}

test('a chain of a hundred nights is complete and unchanged', async () => {
  const bucket = await nights(100);
  const now = at(addDays(START, 99));
  const report = await verifyChain(bucket.store, { now });
  expect(report).toMatchObject({
    from: START,
    to: addDays(START, 99),
    manifests: 100,
    files: 400,
    head: { number: 100, auditedAt: `${addDays(START, 99)}T04:00:10.000Z` },
    problems: [],
    notes: [],
  });
  const changed = manifestPath(37);
  bucket.write(changed, bucket.textOf(changed).replace('2557', '2558'));
  expect((await verifyChain(bucket.store, { now })).problems).toMatchObject([
    { fault: 'changed', subject: changed },
  ]);
});

const CSV = 'inventory.csv';
const DAY = '2026-07-02'; // the third of the seven nights
type Tamper = (bucket: EvidenceBucket) => void | Promise<void>;

const TAMPERED: readonly [
  what: string,
  tamper: Tamper,
  expected: readonly (readonly [ChainFault, RegExp, RegExp])[],
][] = [
  [
    'a file with other words of the same length',
    (bucket) => {
      const path = fileOf(bucket, DAY, 'report.html');
      bucket.write(path, bucket.textOf(path).replace('No findings', 'no findings'));
    },
    [
      [
        'changed',
        /2026-07-02.*report\.html$/,
        /^was changed: its SHA-256 is [0-9a-f]{64}, and its/,
      ],
    ],
  ],
  [
    'a longer file',
    (bucket) => bucket.write(fileOf(bucket, DAY, CSV), 'x'.repeat(9999)),
    [['changed', /inventory\.csv$/, /^was changed: it has 9,999 bytes, and its manifest says/]],
  ],
  [
    'a truncated file',
    (bucket) => bucket.write(fileOf(bucket, DAY, 'report.html'), '<!doctype html>'),
    [['truncated', /report\.html$/, /^was truncated: it has 15 of [\d,]+ bytes$/]],
  ],
  [
    'a missing file',
    (bucket) => void bucket.files.delete(fileOf(bucket, DAY, CSV)),
    [['missing', /2026-07-02.*inventory\.csv$/, /^is missing$/]],
  ],
  [
    'an inserted file',
    (bucket) => bucket.write(fileOf(bucket, DAY, CSV).replace(CSV, 'notes.txt'), 'x'),
    [['inserted', /2026-07-02.*notes\.txt$/, /^was added/]],
  ],
  [
    'two files in the place of each other',
    (bucket) => {
      const [one, other] = [fileOf(bucket, DAY, '.html'), fileOf(bucket, '2026-07-03', '.html')];
      const text = bucket.textOf(one);
      bucket.write(one, bucket.textOf(other));
      bucket.write(other, text);
    },
    [
      ['reordered', /2026-07-02.*report\.html$/, /^has the content of .*2026-07-03.*report\.html$/],
      ['reordered', /2026-07-03.*report\.html$/, /^has the content of .*2026-07-02.*report\.html$/],
    ],
  ],
  [
    'a night without its folder',
    (bucket) => {
      for (const path of bucket.files.keys()) if (path.includes(DAY)) bucket.files.delete(path);
    },
    [['missing', /2026-07-02\/040010-[0-9a-f]{8}\/$/, /^is missing, with its 4 files$/]],
  ],
  [
    'a folder of no audit',
    (bucket) => bucket.write(`evidence/2026/07/${DAY}/030000-00000000/report.html`, 'x'),
    [['inserted', /030000-00000000\/$/, /^has 1 file that no manifest names/]],
  ],
  [
    'a file where no audit stores any',
    (bucket) => bucket.write('evidence/2026/07/report.html', 'x'),
    [['inserted', /^evidence\/2026\/07\/report\.html$/, /where no audit stores a file/]],
  ],
  [
    'a file among the manifests',
    (bucket) => bucket.write('evidence/manifests/3.json', 'x'),
    [['inserted', /^evidence\/manifests\/3\.json$/, /where a manifest is stored/]],
  ],
  [
    'a missing manifest',
    (bucket) => void bucket.files.delete(manifestPath(3)),
    [
      ['missing', /00000003\.json$/, /^is missing$/],
      ['inserted', /2026-07-02\/.*\/$/, /no manifest names/],
    ],
  ],
  [
    'manifests in the place of each other',
    (bucket) => {
      const [one, other] = [bucket.textOf(manifestPath(3)), bucket.textOf(manifestPath(4))];
      bucket.write(manifestPath(3), other);
      bucket.write(manifestPath(4), one);
    },
    [
      ['reordered', /00000003\.json$/, /^is manifest 4, in the place of another$/],
      ['reordered', /00000004\.json$/, /^is manifest 3, in the place of another$/],
      ['inserted', /2026-07-02/, /./],
      ['inserted', /2026-07-03/, /./],
    ],
  ],
  [
    'a manifest that vouches for a changed file',
    async (bucket) => {
      const path = fileOf(bucket, DAY, CSV);
      const before = await sha256(bucket.textOf(path));
      const text = bucket.textOf(path).replace('key', 'KEY');
      bucket.write(path, text);
      const manifest = bucket.textOf(manifestPath(3)).replace(before, await sha256(text));
      bucket.write(manifestPath(3), manifest);
    },
    [['changed', /00000003\.json$/, /^was changed or replaced: its SHA-256 is .*, and manifest 4/]],
  ],
  [
    'a manifest that is something else',
    (bucket) => bucket.write(manifestPath(3), '{"version":1}'),
    [
      ['changed', /00000003\.json$/, /^is not a manifest any more$/],
      ['inserted', /2026-07-02/, /./],
    ],
  ],
  [
    'the first manifests gone long before they expire',
    (bucket) => {
      for (const number of [1, 2]) bucket.files.delete(manifestPath(number));
    },
    [
      ['missing', /00000002\.json$/, /^and all before it are missing$/],
      ['inserted', /2026-06-30/, /./],
      ['inserted', /2026-07-01/, /./],
    ],
  ],
  [
    'the last nights cut off',
    (bucket) => {
      for (const path of bucket.files.keys()) {
        if (/2026-07-0[56]|0000000[67]/.test(path)) bucket.files.delete(path);
      }
    },
    [['gap', /^2026-07-05$/, /^no audit stored a manifest on 2026-07-05 and 2026-07-06, although/]],
  ],
  [
    'nothing left',
    (bucket) => bucket.files.clear(),
    [['missing', /^evidence\/manifests\/$/, /^has no manifest of any audit$/]],
  ],
];

test.each(TAMPERED)('%s is found, and nothing else', async (_, tamper, expected) => {
  const bucket = await aWeek();
  await tamper(bucket);
  const { problems } = await verify(bucket, { from: START });
  const seen = problems.map(({ fault, subject, message }) => ({ fault, subject, message }));
  expect(seen).toEqual(
    expected.map(([fault, subject, message]) => ({
      fault,
      subject: expect.stringMatching(subject),
      message: expect.stringMatching(message),
    })),
  );
});

test('files are verified for the nights asked for, manifests for all', async () => {
  const bucket = await aWeek();
  bucket.files.delete(fileOf(bucket, '2026-06-30', CSV));
  bucket.files.delete(fileOf(bucket, '2026-07-06', CSV));
  const nights = { from: '2026-07-01', to: '2026-07-05' };
  expect(await verify(bucket, nights)).toMatchObject({ manifests: 7, files: 20, problems: [] });
  expect((await verify(bucket, { to: '2026-06-30' })).problems).toHaveLength(1);
});

test('a chain that was stored again from some night on is known by a manifest noted before', async () => {
  const bucket = await aWeek();
  const { head } = await verify(bucket);
  expect((await verify(bucket, { noted: head?.sha256 })).problems).toEqual([]);
  for (const path of bucket.files.keys()) {
    if (/2026-07-06|00000007/.test(path)) bucket.files.delete(path);
  }
  await audited(bucket, '2026-07-06');
  expect((await verify(bucket)).problems).toEqual([]);
  expect((await verify(bucket, { noted: head?.sha256 })).problems).toMatchObject([
    { fault: 'not-in-chain', subject: head?.sha256 },
  ]);
});

describe('nights without a manifest', () => {
  const WEEKDAYS = { schedule: 'cron(0 4 ? * MON-FRI *)' };

  test('are a gap, by the schedule of the audit before', async () => {
    const bucket = await nights(2);
    await audited(bucket, '2026-07-04');
    const { problems } = await verify(bucket, { now: at('2026-07-04') });
    expect(problems).toMatchObject([
      {
        fault: 'gap',
        message:
          'no audit stored a manifest on 2026-07-02 and 2026-07-03, although cron(0 4 * * ? *) (UTC) has one',
      },
    ]);
  });

  test('are none where the schedule has no audit', async () => {
    const bucket = evidenceBucket();
    for (const day of ['2026-07-03', '2026-07-06']) await audited(bucket, day, undefined, WEEKDAYS);
    expect((await verify(bucket, { now: at('2026-07-06') })).problems).toEqual([]);
    expect((await verify(bucket, { now: at('2026-07-08') })).problems).toMatchObject([
      { fault: 'gap', subject: '2026-07-07' },
    ]);
  });

  test('are none where an audit is late, ran by hand, or began a little after midnight', async () => {
    const bucket = await nights(1);
    await audited(bucket, '2026-07-01', '09:30:00');
    await audited(bucket, '2026-07-02', '17:00:00');
    const late = { schedule: 'cron(59 23 * * ? *)' };
    await audited(bucket, '2026-07-03', '23:59:02', late);
    await audited(bucket, '2026-07-05', '00:00:04', late);
    await audited(bucket, '2026-07-05', '23:59:02', late);
    expect((await verify(bucket, { now: at('2026-07-06') })).problems).toEqual([]);
  });

  test('are explained where the audit ended before its manifest, and its files are still there', async () => {
    const bucket = await nights(2);
    const deps = {
      policy,
      evidence: {
        ...bucket.store,
        put: async (file: Parameters<typeof bucket.store.put>[0]) => {
          if (file.path.endsWith('findings.csv')) throw new Error('the function ran out of time');
          return bucket.store.put(file);
        },
      },
      log: silentLog,
    };
    await keepEvidence(deps, aReport({ at: at('2026-07-02') }));
    await audited(bucket, '2026-07-03');
    const { problems, notes } = await verify(bucket, { now: at('2026-07-03') });
    expect(problems).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(/2026-07-02\/120000-[0-9a-f]{8}\/: an audit ended before its manifest/),
      '2026-07-02: the audit ended before its manifest',
    ]);
  });

  test('have expired with their files at the end of the retention', async () => {
    const bucket = evidenceBucket();
    const short = { evidenceRetentionDays: 30 };
    for (let night = 0; night < 40; night += 1) {
      await audited(bucket, addDays(START, night), undefined, short);
    }
    for (const path of bucket.files.keys()) {
      const number = Number(/manifests\/(\d+)/.exec(path)?.[1] ?? 99);
      const [, day = '9'] = /(\d{4}-\d{2}-\d{2})/.exec(path) ?? [];
      if (number <= 9 || day < addDays(START, 9)) bucket.files.delete(path);
    }
    const report = await verify(bucket, { now: at(addDays(START, 39)) });
    expect(report.problems).toEqual([]);
    expect(report.notes).toEqual([
      'manifests 1 to 9: kept for 30 days, then deleted with their files',
    ]);
  });
});

describe('the chain stays one', () => {
  test('when two audits end at once', async () => {
    const bucket = await nights(1);
    const twelve = Array.from({ length: 12 }, (_, i) =>
      audited(bucket, '2026-07-01', `0${i % 10}:00:00`),
    );
    const numbers = (await Promise.all(twelve)).map(({ number }) => number);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 2));
    expect((await verify(bucket, { now: at('2026-07-01') })).problems).toEqual([]);
  });

  test('when the night runs twice', async () => {
    const bucket = await nights(2);
    await audited(bucket, '2026-07-01');
    expect(await verify(bucket, { now: at('2026-07-01') })).toMatchObject({
      manifests: 3,
      files: 12,
      problems: [],
    });
  });

  test('when the answer to its manifest is lost', async () => {
    const bucket = await nights(1);
    const store = {
      ...bucket.store,
      put: async (file: Parameters<typeof bucket.store.put>[0]) => {
        await bucket.store.put(file);
        return false; // as the SDK's second attempt finds it
      },
    };
    const night = {
      auditedOn: '2026-07-01',
      auditedAt: '2026-07-01T04:00:00.000Z',
      folder: 'evidence/2026/07/2026-07-01/040000-0a1b2c3d/',
      files: [],
      schedule: 'cron(0 4 * * ? *)',
      timezone: 'UTC',
      retentionDays: 30,
    };
    expect(await appendManifest(store, night)).toMatchObject({ number: 2 });
    expect((await verify(bucket, { now: at('2026-07-01') })).manifests).toBe(2);
  });

  test('when an audit begins before the end of another, and ends before its manifest', async () => {
    const bucket = await nights(1);
    bucket.write('evidence/2026/06/2026-06-30/235900-0a1b2c3d/inventory.json', '{}');
    await audited(bucket, '2026-07-01');
    bucket.write('evidence/2026/07/2026-07-01/030000-0a1b2c3d/inventory.json', '{}');
    await audited(bucket, '2026-07-02');
    const { problems, notes } = await verify(bucket, { now: at('2026-07-02') });
    expect([problems, notes.length]).toEqual([[], 2]);
  });

  test('an audit that is running is no problem yet', async () => {
    const bucket = await nights(2);
    bucket.write('evidence/2026/07/2026-07-02/040010-0a1b2c3d/inventory.json', '{}');
    const soon = new Date('2026-07-02T04:05:00Z');
    expect((await verify(bucket, { now: soon })).problems).toEqual([]);
    expect((await verify(bucket, { now: at('2026-07-02') })).problems).toMatchObject([
      { fault: 'inserted' },
      { fault: 'gap' },
    ]);
  });
});
