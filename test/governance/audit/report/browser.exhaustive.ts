import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../../../governance/audit/report/audit-report.js';
import { reportPage } from '../../../../governance/audit/report/report-page.js';
import { type Browser, openBrowser, type View } from '../../../support/browser/open.js';
import { aPolicy } from '../../../support/builders.js';
import { largeReport } from '../../../support/large-report.js';

const VIEWS: Readonly<Record<string, View>> = {
  'a desktop, light': { width: 1280 },
  'a desktop, dark': { width: 1280, scheme: 'dark' },
  'a small window': { width: 820 },
  'a phone, light': { width: 390, height: 844 },
  'a phone, dark': { width: 390, height: 844, scheme: 'dark' },
  // A4 landscape within its margins, at 96 dots an inch.
  paper: { width: 1032, media: 'print' },
};

const three = aPolicy((document) => {
  document.gateway = { enabled: false };
  const [first] = document.workspaces;
  if (!first) throw new Error('the policy has a workspace');
  document.workspaces = [
    { ...first, keys: ['one', 'two', 'three'].map((name) => ({ name, readers: [] })) },
  ];
  document.callers = [];
});

/** The page gives nothing to a script: these run in the browser, and read. */
const OVERFLOW = `[...document.querySelectorAll('body *')]
  .filter((one) => one.checkVisibility() && !one.closest('svg, thead'))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll'))
  .map((one) => one.outerHTML.slice(0, 120))`;
const SCROLLING = `[...document.querySelectorAll('.scroll')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.getAttribute('aria-label'))`;
const CUT = `[...document.querySelectorAll('td > div, th > div, dd, label, .badge, li')]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 120))`;
/** Texts whose color is too close to the one behind them, as WCAG counts it. */
const FAINT = `(() => {
  const numbers = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = numbers(color).map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      const [, , , alpha = 1] = numbers(color);
      if (alpha > 0) return color;
    }
    return matchMedia('print').matches ? 'rgb(255, 255, 255)' : 'rgb(255, 0, 255)';
  };
  const faint = new Set();
  for (const one of document.querySelectorAll('body *:not(svg, svg *, input)')) {
    const hasText = [...one.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim());
    if (!hasText || !one.checkVisibility()) continue;
    const [dark, light] = [luminance(getComputedStyle(one).color), luminance(behind(one))]
      .sort((a, b) => a - b);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) faint.add(one.tagName + '.' + one.className + ' ' + contrast.toFixed(1));
  }
  return [...faint];
})()`;

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const REPORTS: readonly (readonly [string, AuditReport])[] = [
  ['3 keys', largeReport(three, 0)],
  ['300 keys, some with hostile names', largeReport(aPolicy(), 300)],
];

test('what is looked for is found where it is', async () => {
  await browser.view({ width: 390, height: 844 });
  await browser.show(`<body style="background:#fff"><p style="width:900px">wide</p>
    <div class="scroll" aria-label="T" style="overflow:auto"><p style="width:999px">wide</p></div>
    <ul><li style="width:20px;overflow:hidden">longer-than-that</li></ul>
    <p style="color:#999">faint</p>`);
  expect(await browser.ask(OVERFLOW)).toEqual([expect.stringContaining('900px')]);
  expect(await browser.ask(SCROLLING)).toEqual(['T']);
  expect(await browser.ask(CUT)).toEqual([expect.stringContaining('longer-than-that')]);
  expect(await browser.ask(FAINT)).toEqual(['P. 2.8']);
});

describe.each(REPORTS)('a report of %s', (_, report) => {
  test('asks for nothing, and breaks no rule of its own', async () => {
    const { requests, complaints } = await browser.show(reportPage(report));
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test.each(Object.entries(VIEWS))('is whole and readable on %s', async (_name, view) => {
    await browser.view(view);
    await browser.show(reportPage(report));
    const isWide = view.width >= 1032;
    expect(await browser.ask(OVERFLOW)).toEqual([]);
    expect(await browser.ask(CUT)).toEqual([]);
    expect(await browser.ask(FAINT)).toEqual([]);
    if (isWide) expect(await browser.ask(SCROLLING)).toEqual([]);
  });
});

test('a filter shows its rows and their groups alone, without a script', async () => {
  await browser.view({ width: 1280 });
  await browser.show(reportPage(largeReport(aPolicy(), 300)));
  const shown = `[...document.querySelectorAll('#others ~ .scroll tr[data-is]')]
    .filter((one) => one.checkVisibility()).map((one) => one.dataset.is)`;
  const all = await browser.ask<string[]>(shown);
  expect(all).toHaveLength(300);
  const chosenAt = performance.now();
  await browser.ask(`document.querySelector('label[for=others-stale]').click()`);
  const stale = await browser.ask<string[]>(shown);
  expect(performance.now() - chosenAt).toBeLessThan(15_000); // :has() took 45 s on this page
  expect(stale.length).toBeGreaterThan(10);
  expect(stale).toEqual(all.filter((is) => is.split(' ').includes('stale')));
  const emptyGroups = `[...document.querySelectorAll('#others ~ .scroll tbody')]
    .filter((one) => one.checkVisibility())
    .filter((one) => ![...one.querySelectorAll('tr[data-is]')].some((row) => row.checkVisibility()))
    .length`;
  expect(await browser.ask(emptyGroups)).toBe(0);
  await browser.ask(`document.querySelector('label[for=others-all]').click()`);
  expect(await browser.ask(shown)).toEqual(all);
});

test('it prints, with the headings of its tables on every page', async () => {
  await browser.show(reportPage(largeReport(aPolicy(), 300)));
  const pdf = await browser.pdf();
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(5);
});
