import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ALERT_TYPES } from '../lambdas/domain/alert.js';
import * as errors from '../lambdas/domain/errors.js';
import { FINDING_TYPES } from '../lambdas/domain/finding.js';
import { aPolicy } from './support/builders.js';
import { definitionFor } from './support/definition.js';
import { anchorsOf, headingsOf, linksOf } from './support/markdown.js';
import { synthesize } from './support/synth.js';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pagesIn = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const PAGES = ['.', 'docs', 'docs/decisions'].flatMap(pagesIn);
const runbook = read('docs/runbook.md');

test.each(ALERT_TYPES)(
  'the alert %s has its page in the runbook and its row in the readme',
  (type) => {
    expect(headingsOf(runbook)).toContain(type);
    expect(linksOf(read('README.md'))).toContain(`docs/runbook.md#${type}`);
  },
);

describe('alarms', () => {
  let alarmNames: string[];
  beforeAll(() => {
    const alarms = Object.values(synthesize().template.findResources('AWS::CloudWatch::Alarm'));
    alarmNames = alarms.map(({ Properties }) => Properties.AlarmName);
  });

  test('every alarm has its page in the runbook and its row in the readme', () => {
    expect(alarmNames.length).toBeGreaterThan(0);
    expect(headingsOf(runbook)).toEqual(expect.arrayContaining(alarmNames));
    const links = alarmNames.map((name) => `docs/runbook.md#${name}`);
    expect(linksOf(read('README.md'))).toEqual(expect.arrayContaining(links));
  });

  test('the runbook has no page of an alarm that is not there', () => {
    const pages = headingsOf(runbook).filter((heading) => heading.startsWith('governance-'));
    expect(pages.sort()).toEqual(alarmNames.sort());
  });
});

test.each(FINDING_TYPES)('the finding %s has its row in the runbook', (type) => {
  expect(runbook).toContain(`\n| \`${type}\` |`);
});

test('every error that crosses a boundary is told in the runbook', () => {
  const names = Object.keys(errors).filter((name) => name !== 'MistralError');
  expect(names.filter((name) => !runbook.includes(`\`${name}\``))).toEqual([]);
});

test('the architecture page shows every state of the retirement flow', () => {
  const page = read('docs/architecture.md');
  const states = Object.keys(definitionFor(aPolicy()).States);
  expect(states.filter((name) => !page.includes(name))).toEqual([]);
});

test.each(PAGES)('every link in %s leads somewhere', (page) => {
  const broken = linksOf(read(page)).filter((link) => {
    if (/^(https?|mailto):/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? page : join(dirname(page), file);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('the readme leads to every decision', () => {
  expect(linksOf(read('README.md'))).toEqual(expect.arrayContaining(pagesIn('docs/decisions')));
});

test.each(['README.md', 'CONTRIBUTING.md'])('every script named in %s is there', (page) => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = [...read(page).matchAll(/npm (?:run )?([\w:-]+)/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => name !== 'ci' && !(name in scripts))).toEqual([]);
});
