import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  changelogProblems,
  REPOSITORY,
  releasedChangelog,
  releasedManifest,
  releaseProblems,
} from '../../supply-chain/release.js';
import { aPolicy } from '../support/builders.js';

const ROOT = join(import.meta.dirname, '../..');
const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n';
const ACME = 'https://github.com/acme/mistral-governance';
const facts = { current: '0.1.0', changelog: CHANGELOG };

test('the changelog has the format of Keep a Changelog', () => {
  expect(changelogProblems(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'))).toEqual([]);
});

describe('a release is refused', () => {
  test.each<[string, string, string | undefined, string, RegExp]>([
    ['without a version', '', ACME, CHANGELOG, /"" is no version/],
    ['with a tag', 'v1.0.0', ACME, CHANGELOG, /"v1.0.0" is no version/],
    ['that is older', '0.0.9', ACME, CHANGELOG, /0.0.9 is older than 0.1.0/],
    ['without a repository', '0.2.0', undefined, CHANGELOG, /REPOSITORY_URL is not set/],
    ['with no URL of one', '0.2.0', 'acme/x', CHANGELOG, /REPOSITORY_URL is "acme\/x"/],
    ['that changes nothing', '0.2.0', ACME, '## [Unreleased]\n\n### Added\n', /nothing to/],
    ['of nothing unreleased', '0.2.0', ACME, '## [0.1.0] - 2026-01-01\n', /must begin/],
    ['with other sections', '0.2.0', ACME, `${CHANGELOG}### News\n`, /has "News"/],
    ['with one twice', '0.2.0', ACME, `${CHANGELOG}### Added\n`, /a section twice/],
    ['with a wrong day', '0.2.0', ACME, `${CHANGELOG}## 0.1.0\n`, /must have the form/],
  ])('%s', (_what, version, repository, changelog, said) => {
    const problems = releaseProblems(version, repository, { current: '0.1.0', changelog });
    expect(problems.join('\n')).toMatch(said);
  });

  test.each(['0.1.0', '0.2.0', '0.10.0', '1.0.0'])('but not %s', (version) => {
    expect(releaseProblems(version, ACME, facts)).toEqual([]);
  });
});

test('what was unreleased is below the version', () => {
  expect(releasedChangelog(CHANGELOG, '0.2.0', '2026-12-01')).toBe(
    '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- A thing.\n',
  );
});

test('npm is told where the package comes from, and nothing else is changed', () => {
  expect(releasedManifest({ name: 'x', version: '0.1.0' }, '0.2.0', ACME)).toEqual({
    name: 'x',
    version: '0.2.0',
    homepage: `${ACME}#readme`,
    bugs: { url: `${ACME}/issues` },
    repository: { type: 'git', url: `git+${ACME}.git` },
  });
});

test('the default runbook is where the repository is', () => {
  const { runbookUrl } = aPolicy((document) => {
    delete document.alerts.runbookUrl;
  }).alerts;
  expect(runbookUrl.startsWith(`${REPOSITORY}/`)).toBe(true);
});
