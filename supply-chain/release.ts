/** Where this repository is, in all files that name it. A release sets it. */
export const REPOSITORY = 'https://github.com/mistral-governance/mistral-governance';

const SECTIONS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
const UNRELEASED = '## [Unreleased]';

/** What is wrong with what was asked for, in sentences; empty where it can be released. */
export function releaseProblems(
  version: string,
  repository: string | undefined,
  { current, changelog }: { readonly current: string; readonly changelog: string },
): readonly string[] {
  const problems: string[] = [];
  if (!VERSION.test(version)) {
    problems.push(`"${version}" is no version: it must have the form 1.2.3`);
  } else if (compareVersions(version, current) < 0) {
    problems.push(`${version} is older than ${current}, the version in package.json`);
  }
  if (!/^https:\/\/[^\s/?#]+(\/[\w.-]+)+$/.test(repository ?? '')) {
    problems.push(
      `REPOSITORY_URL is ${repository === undefined ? 'not set' : `"${repository}"`}: it must be such as https://github.com/acme/mistral-governance`,
    );
  }
  return [...problems, ...changelogProblems(changelog)];
}

/** How the changelog departs from the format of Keep a Changelog. */
export function changelogProblems(text: string): readonly string[] {
  const headings = text.match(/^## .*$/gm) ?? [];
  const [first, ...released] = headings;
  const problems = first === UNRELEASED ? [] : [`the changelog must begin with "${UNRELEASED}"`];
  for (const heading of released) {
    if (/^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/.test(heading)) continue;
    problems.push(`"${heading}" must have the form "## [1.2.3] - 2026-11-29"`);
  }
  for (const part of text.split(/^## /m).slice(1)) {
    const names = [...part.matchAll(/^### (.*)$/gm)].map(([, name = '']) => name);
    const [version] = part.split('\n');
    const unknown = names.find((name) => !SECTIONS.includes(name));
    if (unknown) problems.push(`${version} has "${unknown}": allowed are ${SECTIONS.join(', ')}`);
    if (new Set(names).size < names.length) problems.push(`${version} has a section twice`);
  }
  if (unreleasedChanges(text).trim() === '') problems.push('the changelog has nothing to release');
  return problems;
}

/** With what was unreleased below the version. */
export function releasedChangelog(text: string, version: string, day: string): string {
  return text.replace(UNRELEASED, `${UNRELEASED}\n\n## [${version}] - ${day}`);
}

/** What npm shows of the package. */
export function releasedManifest(
  manifest: Readonly<Record<string, unknown>>,
  version: string,
  repository: string,
): Readonly<Record<string, unknown>> {
  return {
    ...manifest,
    version,
    homepage: `${repository}#readme`,
    bugs: { url: `${repository}/issues` },
    repository: { type: 'git', url: `git+${repository}.git` },
  };
}

function unreleasedChanges(text: string): string {
  const [, rest = ''] = text.split(UNRELEASED);
  return (rest.split(/^## /m)[0] ?? '').replaceAll(/^### .*$/gm, '');
}

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;

function compareVersions(one: string, other: string): number {
  const [ours, theirs] = [one, other].map((text) => text.split('.').map(Number));
  for (const [at, number] of (ours ?? []).entries()) {
    const difference = number - (theirs?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
