import { relative, resolve } from 'node:path';
import { plainLines } from '../governance/platform/quoting.js';
import { type PlacedProblem, problemText } from '../governance/policy/policy-problem.js';

type Level = 'error' | 'warning';

/**
 * A workflow command of GitHub Actions for each problem, which shows it beside its line in a pull request.
 *
 * @param root the folder of the repository. @default the current one
 */
export function githubAnnotations(
  level: Level,
  file: string | undefined,
  problems: readonly (PlacedProblem & { readonly title?: string })[],
  root = '.',
): string {
  return problems
    .map((problem) => {
      const { place, title } = problem;
      const properties = {
        ...(file !== undefined && { file: relative(root, resolve(file)) }),
        ...(file !== undefined && place && { line: place.line, col: place.column }),
        ...(title !== undefined && { title }),
      };
      const listed = Object.entries(properties).map(
        ([name, value]) => `${name}=${property(value)}`,
      );
      const separator = listed.length > 0 ? ' ' : '';
      return `::${level}${separator}${listed.join(',')}::${data(problemText(problem))}\n`;
    })
    .join('');
}

/** As `@actions/core` escapes them. Terminals obey nothing in it either. */
function data(text: string): string {
  return plainLines(text).replaceAll('%', '%25').replaceAll('\n', '%0A');
}

function property(value: string | number): string {
  return data(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
