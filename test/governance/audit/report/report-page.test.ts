import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  evidenceFiles,
  evidenceFolder,
} from '../../../../governance/audit/report/evidence-files.js';
import { html } from '../../../../governance/audit/report/html.js';
import { rotationWeeks } from '../../../../governance/audit/report/report-charts.js';
import { reportPage } from '../../../../governance/audit/report/report-page.js';
import { STYLE } from '../../../../governance/audit/report/report-style.js';
import {
  aFinding,
  aListedKey,
  aRotatedKey,
  CURRENT,
  NO_CHANGES,
} from '../../../support/audit-builders.js';
import { aPolicy } from '../../../support/builders.js';
import { A_DEPLOYMENT, aReport, FULL_COVERAGE, inventoryOf } from '../../../support/evidence.js';
import { largeReport } from '../../../support/large-report.js';

const HOSTILE = `<script>alert('1')</script>"&`;
const ESCAPED = '&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;';

const opened = (change: Parameters<typeof aFinding>[0]) => ({
  finding: aFinding(change),
  openedOn: '2026-06-30',
  lastNotifiedOn: '2026-06-30',
});

describe('markup', () => {
  test('text is escaped, markup is not, and lists are joined', () => {
    expect(html`<p title="${HOSTILE}">${[1, html`<b>${'<'}</b>`]}</p>`.markup).toBe(
      `<p title="${ESCAPED}">1<b>&lt;</b></p>`,
    );
  });

  test('text that only looks like markup is rejected', () => {
    const forged = JSON.parse('{"markup":"<script>"}');
    expect(() => html`${forged}`).toThrow('only html`` makes markup');
  });
});

describe('the page', () => {
  const hostile = aReport({
    inventory: inventoryOf([
      aListedKey({ name: HOSTILE, workspaceId: 'x', workspaceName: HOSTILE }),
    ]),
    changes: {
      ...NO_CHANGES,
      opened: [
        opened({
          subject: HOSTILE,
          workspace: HOSTILE,
          summary: HOSTILE,
          nextStep: HOSTILE,
          nextCommand: HOSTILE,
          evidence: { [HOSTILE]: HOSTILE },
        }),
      ],
    },
    problems: [HOSTILE],
  });

  test('shows hostile names as what they are', () => {
    const page = reportPage(hostile);
    expect(page).not.toContain('<script');
    expect(page.split(ESCAPED).length - 1).toBe(10);
  });

  test.each([
    ['hostile names', hostile],
    ['many keys', largeReport(aPolicy(), 300)],
    ['nothing at all', aReport()],
  ])('of %s has only elements of ours, each of them closed', (_, report) => {
    const page = reportPage(report);
    const open: string[] = [];
    const names = new Set<string>();
    for (const [, closing, name = '', , selfClosing] of page.matchAll(TAG)) {
      names.add(name);
      if (closing) expect(open.pop()).toBe(name);
      else if (!selfClosing && !VOID.includes(name)) open.push(name);
    }
    expect(open).toEqual([]);
    expect([...names].filter((name) => !ELEMENTS.includes(name))).toEqual([]);
  });

  test('loads nothing and runs nothing, and its browser sees to that', () => {
    const page = reportPage(hostile);
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(page) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(page).not.toMatch(/<[^>]+\s(src|style|on\w+|srcset|action)=/i);
    expect(style).not.toMatch(/url\(|@import/);
    const targets = [...page.matchAll(/href="([^"#]+)"/g)].map(([, target]) => target);
    expect(targets).toEqual(['inventory.json', 'inventory.csv', 'findings.csv']);
  });

  test('tells what the pictures show in words, and names rows and columns', () => {
    const page = reportPage(
      aReport({
        inventory: inventoryOf([aRotatedKey(CURRENT), aListedKey({ createdAt: undefined })]),
      }),
    );
    const labelled = [...page.matchAll(/aria-labelledby="(\S+-title) (\S+-description)"/g)];
    expect(labelled).toHaveLength(2);
    for (const [, title, description] of labelled) {
      expect(page).toContain(`<title id="${title}">`);
      expect(page).toContain(`<desc id="${description}">`);
    }
    expect(page).toContain('≤ 30: 1 managed, 0 other; unknown: 0 managed, 1 other</desc>');
    expect(page).toContain('<th scope="col" role="columnheader">Next rotation</th>');
    expect(page).toContain('<th scope="row" role="rowheader" class="key" data-label="Key">');
  });

  test('says so if there are no findings', () => {
    const page = reportPage(aReport({ inventory: inventoryOf([aRotatedKey(CURRENT)]) }));
    expect(page).toContain('No findings: every rule was checked.');
    expect(page).toContain('None: every key is managed.');
    expect(page).not.toContain('class="banner"');
  });

  test('without findings, it says which rules were not checked', () => {
    const page = reportPage(aReport({ coverage: { ...FULL_COVERAGE, prices: false } }));
    expect(page).toContain('No findings in what was checked. 2 rules were not checked');
    expect(page).not.toContain('every rule was checked');
    expect(page).toContain('No open findings in what was checked.');
    expect(page).not.toContain('class="good">No ');
  });

  test('says of which account, stack, product and policy it is', () => {
    const page = reportPage(aReport());
    const { account, region, stack, product, policySha256 } = A_DEPLOYMENT;
    for (const fact of [account, region, stack, `mistral-governance ${product}`]) {
      expect(page).toContain(`<dd>${fact}</dd>`);
    }
    expect(page).toContain(policySha256);
    expect(page).toContain('with the Admin API key in mistral/admin-api-key');
  });

  test('says who may read a key, and nothing where that was not read', () => {
    const secret = 'mistral/dev-workspace/dev-team-key';
    const named = ['arn:aws:iam::111122223333:role/developer'];
    const others = ['arn:aws:iam::111122223333:role/AuditFunctionRole'];
    const cell = (readers: Parameters<typeof aReport>[0]) =>
      /data-label="Others"><div>(.*?)<\/div>/.exec(reportPage(aReport(readers)))?.[1];
    const closed = { secret, named, others, isClosed: true };
    expect(cell({ readers: [closed] })).toBe('<small>role/AuditFunctionRole<br></small>');
    expect(cell({ readers: [{ ...closed, others: [], isClosed: false }] })).toMatch(
      /^every principal that IAM allows/,
    );
    expect(cell({ readers: [{ ...closed, others: null, isClosed: null }] })).toMatch(/^not known/);
    expect(reportPage(aReport({ readers: [closed] }))).toContain('deny the value to all other');
    const open = { ...closed, isClosed: false };
    expect(reportPage(aReport({ readers: [closed, open] }))).not.toContain('deny the value to all');
  });

  test('lists many keys by workspace, and every filter has its rows and its rule of the style', () => {
    const page = reportPage(largeReport(aPolicy(), 300));
    const sections = page.split('<section ').slice(1);
    const others = sections.find((one) => one.includes('id="others"')) ?? '';
    expect([...others.matchAll(/<a href="#(others-\d)">/g)]).toHaveLength(7);
    for (const [, id = ''] of others.matchAll(/<a href="#(others-\d)">/g)) {
      expect(others).toContain(`class="group" id="${id}"`);
    }
    let filters = 0;
    for (const section of sections) {
      for (const [, token = '', count] of section.matchAll(/value="([^"]+)".*?<b>([\d,]+)<\/b>/g)) {
        filters += 1;
        const rows = [...section.matchAll(/<tr role="row" data-is="([^"]*)"/g)].map(([, is = '']) =>
          is.split(' '),
        );
        const shown = rows.filter((is) => token === 'all' || is.includes(token));
        expect([token, String(shown.length)]).toEqual([token, count]);
        if (token !== 'all') expect(STYLE.markup).toContain(`input[value=${token}]:checked`);
      }
    }
    expect(filters).toBeGreaterThan(10);
  });

  test('begins with what the audit could not check', () => {
    expect(reportPage(aReport({ complete: false, problems: ['keys: 503'] }))).toMatch(
      /Mistral did not list every key: this inventory is incomplete<\/strong>\s*<ul><li>keys: 503/,
    );
    expect(reportPage(aReport({ problems: ['limit: 503'] }))).toContain(
      'could not check everything',
    );
  });

  test('lists as many findings as a browser can show, and says where the rest is', () => {
    const openedNow = Array.from({ length: 1200 }, (_, i) => opened({ id: `stale#x#${i}` }));
    const report = aReport({ changes: { ...NO_CHANGES, opened: openedNow } });
    expect(reportPage(report)).toContain('200 more findings in <a href="findings.csv">');
    expect([...evidenceFiles(report, '')][2]?.body.split('\r\n')).toHaveLength(1 + 1200 + 1);
  });

  test.each(['light', 'dark'])('its text stands out from its ground where it is %s', (scheme) => {
    const [light = '', dark = ''] = [...reportPage(aReport()).matchAll(/:root \{([^}]*)\}/g)].map(
      ([, colours]) => colours,
    );
    const colours = scheme === 'light' ? light : dark;
    const of = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(colours)?.[1] ?? '';
    for (const ground of ['card', 'paper']) {
      for (const ink of ['ink', 'quiet', 'link', 'fine', 'warning', 'info']) {
        expect(contrast(of(ink), of(ground)), `${ink} on ${ground}`).toBeGreaterThan(4.5);
      }
    }
    expect(contrast(of('on-colour'), of('critical'))).toBeGreaterThan(4.5);
    for (const bar of ['managed', 'other', 'critical', 'amber', 'info']) {
      expect(contrast(of(bar), of('card')), `${bar} on card`).toBeGreaterThan(3);
    }
  });
});

const TAG = /<(\/)?([a-z][a-z0-9]*)((?:\s[^<>]*?)?)(\/)?>/g;
const ELEMENTS = (
  'html head meta title style body header main footer section h1 h2 p a strong small span ul li div ' +
  'figure figcaption svg desc g rect text line table thead tbody tr th td code dl dt dd ' +
  'input label b br'
).split(' ');
const VOID = ['meta', 'input', 'br'];

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** As defined by WCAG. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe('the files of an audit', () => {
  test('are below their day, in a folder of the one run', () => {
    const report = aReport({ at: new Date('2026-06-30T02:00:59.999Z') });
    const folder = evidenceFolder(report, '0a1b2c3d');
    expect([...evidenceFiles(report, folder)].map(({ path }) => path)).toEqual([
      'evidence/2026/06/2026-06-30/020059-0a1b2c3d/inventory.json',
      'evidence/2026/06/2026-06-30/020059-0a1b2c3d/inventory.csv',
      'evidence/2026/06/2026-06-30/020059-0a1b2c3d/findings.csv',
      'evidence/2026/06/2026-06-30/020059-0a1b2c3d/report.html',
    ]);
  });

  test('have the same inventory as JSON and as CSV', () => {
    const report = aReport({ inventory: inventoryOf([aRotatedKey(CURRENT), aListedKey()]) });
    const [json, csv] = [...evidenceFiles(report, '')];
    const { version, complete, rows } = JSON.parse(json?.body ?? '');
    expect({ version, complete, keys: rows.length }).toEqual({
      version: 1,
      complete: true,
      keys: 2,
    });
    expect(csv?.body).toBe(
      [
        'key,keyId,secret,workspace,team,ownerUserId,owner,createdBy,state,createdOn,ageDays,lastUsedOn,expiresOn,nextRotationOn,findings',
        'dev-team-key-20260620-aaaaaaaa,of-aaaaaaaa,mistral/dev-workspace/dev-team-key,dev-workspace,all developers,9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10,,,current,2026-06-20,10,2026-06-30,2026-08-29,2026-09-18,',
        'notebook,k1,,dev-workspace,all developers,9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10,,,unmanaged,2026-06-20,10,2026-06-30,2026-08-29,,unmanaged',
        '',
      ].join('\r\n'),
    );
  });

  test('say of each finding whether it is new, still open or resolved, the same when repeated', () => {
    const today = opened({ id: 'stale#x#1' });
    const before = { ...opened({ id: 'stale#x#2' }), openedOn: '2026-06-01' };
    const gone = { ...opened({ id: 'stale#x#3' }), openedOn: '2026-06-01' };
    const statuses = (changes: Parameters<typeof aReport>[0]) =>
      aReport(changes).findings.map(({ id, status }) => `${id} ${status}`);
    const first = statuses({
      changes: { ...NO_CHANGES, opened: [today], stillOpen: [before], resolved: [gone] },
    });
    expect(first).toEqual(['stale#x#1 new', 'stale#x#2 still open', 'stale#x#3 resolved']);
    expect(statuses({ changes: { ...NO_CHANGES, stillOpen: [today, before] } })).toEqual(
      first.slice(0, 2),
    );
  });
});

test('rotations are counted by week, late and distant ones separately', () => {
  const { rows } = inventoryOf([aRotatedKey(CURRENT)]);
  const due = (nextRotationOn: string) => rows.map((row) => ({ ...row, nextRotationOn }));
  const today = '2026-06-30'; // a Tuesday
  const weeks = rotationWeeks(
    [
      '2026-06-28',
      '2026-06-29',
      today,
      '2026-07-05',
      '2026-07-06',
      '2026-10-04',
      '2026-10-05',
    ].flatMap(due),
    today,
  );
  expect(weeks.filter(({ rotations }) => rotations > 0)).toEqual([
    { label: 'overdue', rotations: 2 },
    { label: '2026-06-29', rotations: 2 },
    { label: '2026-07-06', rotations: 1 },
    { label: '2026-09-28', rotations: 1 },
    { label: 'later', rotations: 1 },
  ]);
});
