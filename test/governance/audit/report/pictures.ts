import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { AuditReport } from '../../../../governance/audit/report/audit-report.js';
import { evidenceFiles } from '../../../../governance/audit/report/evidence-files.js';
import { loadPolicy } from '../../../../governance/policy/load-policy.js';
import { largeReport } from '../../../support/large-report.js';

// `npm run evidence:look`: takes screenshots of the audit report in a browser, for a visual check.
const { values } = parseArgs({
  options: {
    evidence: { type: 'string' },
    out: { type: 'string', default: 'evidence-pictures' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
  },
});
const out = resolve(values.out);
if (!existsSync(values.browser)) {
  process.stderr.write(
    `no browser at ${values.browser}: run apt-get install chromium, or name one with --browser\n`,
  );
  process.exit(2);
}
mkdirSync(out, { recursive: true });

const policy = loadPolicy('governance.yaml');
const pages = new Map([
  ['large', write('large', largeReport(policy, 300))],
  ['hostile', write('hostile', largeReport(policy, 12))],
  ['nothing', write('nothing', empty(largeReport(policy, 0)))],
]);
if (values.evidence !== undefined) pages.set('run', resolve(values.evidence, 'report.html'));

for (const [name, page] of pages) {
  take(`${name}-light`, page, 1280, 2400);
  take(`${name}-dark`, page, 1280, 2400, ['--blink-settings=preferredColorScheme=0']);
  // A window cannot be as narrow as a phone; a frame can.
  const frame = join(out, `${name}-phone.html`);
  writeFileSync(
    frame,
    `<body style="margin:0"><iframe src="${pathToFileURL(page)}" style="width:390px;height:3200px;border:0"></iframe>`,
  );
  take(`${name}-phone`, frame, 500, 3200);
  browse(page, `--print-to-pdf=${join(out, `${name}.pdf`)}`, '--no-pdf-header-footer');
  process.stdout.write(`${name}: done\n`);
}

function write(name: string, report: AuditReport): string {
  const path = join(out, `${name}.html`);
  const page = [...evidenceFiles(report, '')].find((file) => file.path.endsWith('report.html'));
  writeFileSync(path, page?.body ?? '');
  return path;
}

function empty(report: AuditReport): AuditReport {
  return { ...report, rows: [], findings: [], problems: [] };
}

function take(
  name: string,
  page: string,
  width: number,
  height: number,
  more: string[] = [],
): void {
  const picture = `--screenshot=${join(out, `${name}.png`)}`;
  browse(page, picture, `--window-size=${width},${height}`, '--hide-scrollbars', ...more);
}

/** Offline, and in a fresh profile, as root of a container too. */
function browse(page: string, ...options: string[]): void {
  execFileSync(
    values.browser,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--user-data-dir=${join(out, 'profile')}`,
      ...options,
      pathToFileURL(page).href,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
}
