import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { reportPage } from '../../../../governance/audit/report/report-page.js';
import { loadPolicy } from '../../../../governance/policy/load-policy.js';
import { openBrowser, type View } from '../../../support/browser/open.js';
import { largeReport } from '../../../support/large-report.js';

// `npm run evidence:look`: pictures of the audit report in a browser, for a visual check. They are not kept.
const { values } = parseArgs({
  options: {
    evidence: { type: 'string' },
    out: { type: 'string', default: 'evidence-pictures' },
    height: { type: 'string', default: '2400' },
  },
});
const out = resolve(values.out);
mkdirSync(out, { recursive: true });

const policy = loadPolicy('governance.yaml');
const nothing = { ...largeReport(policy, 0), rows: [], findings: [], problems: [] };
const pages = new Map([
  ['few', reportPage(largeReport(policy, 0))],
  ['large', reportPage(largeReport(policy, 300))],
  ['hostile', reportPage(largeReport(policy, 12))],
  ['nothing', reportPage(nothing)],
]);
if (values.evidence !== undefined) {
  pages.set('run', readFileSync(resolve(values.evidence, 'report.html'), 'utf8'));
}
const VIEWS: Readonly<Record<string, View>> = {
  light: { width: 1280 },
  dark: { width: 1280, scheme: 'dark' },
  phone: { width: 390, height: 844 },
  paper: { width: 1032, media: 'print' },
};

const browser = await openBrowser();
for (const [name, page] of pages) {
  for (const [view, options] of Object.entries(VIEWS)) {
    await browser.view(options);
    await browser.show(page);
    const whole = await browser.ask<number>('document.documentElement.scrollHeight');
    const height = Math.min(whole, Number(values.height));
    writeFileSync(join(out, `${name}-${view}.png`), await browser.picture(height));
  }
  writeFileSync(join(out, `${name}.pdf`), await browser.pdf());
  process.stdout.write(`${name}: done\n`);
}
await browser.close();
