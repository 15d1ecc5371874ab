import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as errors from '../governance/platform/errors.js';
import { METRICS } from '../governance/platform/metrics.js';
import { ALERT_TYPES } from '../governance/policy/alert-types.js';
import { FINDING_TYPES } from '../governance/policy/finding-types.js';
import { WARNING_IDS } from '../governance/policy/warning.js';
import { alarmsOf } from './support/alarms.js';
import { anOperatorPolicy, aPolicy } from './support/builders.js';
import { definitionFor } from './support/definition.js';
import { anchorsOf, headingsOf, linksOf, sectionsOf } from './support/markdown.js';
import { synthesize } from './support/synth.js';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pagesIn = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const PAGES = ['.', 'docs', 'docs/decisions'].flatMap(pagesIn);
const runbook = read('docs/runbook.md');
const alerts = read('docs/alerts.md');

test('no command that is shown lets npx download a foreign package of our name', () => {
  const sources = [
    'bin',
    'cli',
    'demo',
    'e2e',
    'examples',
    'gateway',
    'governance',
    'lambdas',
    'testing',
  ].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  );
  const shown = [...PAGES, ...sources].flatMap((path) => [
    ...read(path).matchAll(/\bnpx\b[^\n`']*?\bmistral-governance\b/g),
  ]);
  const commands = new Set(shown.map(([command]) => command));
  expect([...commands]).toEqual(['npx --no -- mistral-governance']);
});

test('names all peers of the client library wherever it names them', () => {
  const { peerDependencies } = JSON.parse(read('package.json'));
  const peers = Object.keys(peerDependencies).filter(
    (name) => !/^(aws-cdk-lib|constructs)$/.test(name),
  );
  const named = PAGES.flatMap(
    (page) => read(page).match(/^npm install (.*\\\n)*.*$/gm) ?? [],
  ).filter((command) => peers.some((peer) => command.includes(peer)));
  expect(named).not.toEqual([]);
  for (const command of named) expect(command.split(/\s+/)).toEqual(expect.arrayContaining(peers));
  const decision = read('docs/decisions/0005-esm-bundles-and-few-dependencies.md');
  for (const peer of peers) expect(decision).toContain(`\`${peer}\``);
  const example = JSON.parse(read('examples/team-stack/package.json'));
  expect(Object.keys(example.dependencies)).toEqual(expect.arrayContaining(peers));
});

test('says how to report a vulnerability, at the place where the default runbook is', () => {
  const links = linksOf(read('SECURITY.md'));
  const repository = aPolicy((document) => {
    delete document.alerts.runbookUrl;
  }).alerts.runbookUrl.replace(/\/blob\/.*/, '');
  expect(links).toContain(`${repository}/security/advisories/new`);
  expect(linksOf(read('README.md'))).toContain('SECURITY.md');
  expect(linksOf(read('docs/security.md'))).toContain('../SECURITY.md');
});

test('each test that the security page names exists', () => {
  const named = read('docs/security.md').match(/[\w/-]+\.(test|exhaustive)\.ts/g) ?? [];
  const missing = named.filter(
    (file) => !['', 'test/attacks'].some((folder) => existsSync(join(ROOT, folder, file))),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(missing).toEqual([]);
});

test.each(ALERT_TYPES)('the alert %s has its page in the runbook and its row', (type) => {
  expect(headingsOf(runbook)).toContain(type);
  expect(linksOf(alerts)).toContain(`runbook.md#${type}`);
});

describe('alarms', () => {
  let headings: string[];
  beforeAll(() => {
    headings = [...new Set(alarmsOf(synthesize().template).map(({ heading }) => heading))];
  });

  test('every alarm has its page in the runbook and its row', () => {
    expect(headings.length).toBeGreaterThan(0);
    expect(headingsOf(runbook)).toEqual(expect.arrayContaining(headings));
    const links = headings.map((heading) => `runbook.md#${heading}`);
    expect(linksOf(alerts)).toEqual(expect.arrayContaining(links));
  });

  test('the runbook has no page of an alarm that is not there', () => {
    const pages = headingsOf(runbook).filter((heading) => heading.startsWith('governance-'));
    expect(pages.sort()).toEqual(headings.sort());
  });
});

describe('the runbook', () => {
  const LEADS = ['Meaning.', 'First check.', 'Fix.', 'Verify.'];
  const isPage = (heading: string) =>
    heading.startsWith('governance-') || ALERT_TYPES.some((type) => type === heading);
  // Where one type of alert has several titles, each title has the four parts.
  const pages = sectionsOf(runbook).filter(
    ({ path, isLeaf }) => isLeaf && path.some((heading) => isPage(heading)),
  );

  test('has a page for each alert and alarm', () => {
    expect(pages.length).toBeGreaterThan(ALERT_TYPES.length);
  });

  test.each(pages)(
    'says of $title what it means, what to check, how to fix it and how to verify the fix',
    ({ text }) => {
      const parts = text.split(/^\*\*(?=[^*\n]+\.\*\*)/m).slice(1);
      expect(parts.map((part) => part.slice(0, part.indexOf('**')))).toEqual(LEADS);
      for (const part of parts.slice(1)) {
        // A command to paste, a link to one, or the statement that there is nothing to do.
        expect(part).toMatch(
          /```sh\n|`(aws|npx|labels|history_of|errors_of|alarm_state)\b|\]\(#|Nothing to do/,
        );
      }
    },
  );
});

test.each(Object.entries(METRICS))(
  'the metric %s has its row in operations, with its dimensions',
  (name, { dimensions }) => {
    const rows = read('docs/operations.md').split('\n');
    const row = rows.find((line) => line.startsWith('| `') && line.includes(`\`${name}\``));
    for (const dimension of dimensions) expect(row).toContain(`\`${dimension}\``);
  },
);

test.each(FINDING_TYPES)('the finding %s has its row in the runbook', (type) => {
  expect(runbook).toContain(`\n| \`${type}\` |`);
});

test('every error that crosses a boundary is in the runbook', () => {
  const names = Object.keys(errors).filter((name) => name !== 'MistralError');
  expect(names.filter((name) => !runbook.includes(`\`${name}\``))).toEqual([]);
});

test.each([
  ['with the Admin API', aPolicy()],
  ['without it', anOperatorPolicy()],
  [
    'with services to refresh',
    aPolicy((document) => {
      document.workspaces[0].keys[0].refresh = [{ lambda: { function: 'answers' } }];
    }),
  ],
])('the architecture page shows every state of the retirement flow %s', (_name, policy) => {
  const page = read('docs/architecture.md');
  const states = Object.keys(definitionFor(policy).States);
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

test('the readme has at most 200 lines, and leads to every page', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  const reached = new Set(['README.md']);
  for (const page of reached) {
    for (const link of linksOf(read(page))) {
      const [file = ''] = link.split('#');
      if (/^[^:]+\.md$/.test(file)) reached.add(join(dirname(page), file));
    }
  }
  expect(PAGES.filter((page) => !reached.has(page))).toEqual([]);
});

test('the decisions are listed in order, by their titles', () => {
  const records = pagesIn('docs/decisions')
    .filter((path) => /\d{4}-/.test(path))
    .sort();
  const lines = records.map((path) => {
    const [title = ''] = headingsOf(read(path));
    return `- [${title}](${path.slice('docs/decisions/'.length)})`;
  });
  const index = read('docs/decisions/README.md');
  expect(index.split('\n').filter((line) => line.startsWith('- '))).toEqual(lines);
});

test.each(['README.md', 'CONTRIBUTING.md'])('every script named in %s is there', (page) => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = [...read(page).matchAll(/npm (?:run )?([\w:-]+)/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(0);
  const ofNpm = ['ci', 'install', 'pack'];
  expect(named.filter((name) => !ofNpm.includes(name) && !(name in scripts))).toEqual([]);
});

test('every warning of a policy has its row in the command line', () => {
  const rows = [...read('docs/command-line.md').matchAll(/^\| `([\w-]+)` \| /gm)].map(
    ([, id]) => id,
  );
  expect(rows).toEqual(expect.arrayContaining([...WARNING_IDS, 'accepted-nothing']));
});
