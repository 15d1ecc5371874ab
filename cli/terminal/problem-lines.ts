import stringWidth from 'string-width';
import { oneLine } from '../../governance/platform/quoting.js';
import { countText } from '../../governance/platform/wording.js';
import {
  type PlacedProblem,
  type PolicyError,
  problemText,
} from '../../governance/policy/policy-problem.js';
import type { AcceptedWarning } from '../../governance/policy/policy-warnings.js';
import type { PolicyWarning } from '../../governance/policy/warning.js';
import type { Style } from './style.js';
import { shortened } from './text.js';

/** Each problem with its place, and on a terminal below it the line that it is in. */
export function problemLines({ source, problems }: PolicyError, style: Style): string[] {
  return problems.flatMap((problem) => [
    `  ${placedText(source, problem, style)}`,
    ...excerpt(problem, style),
  ]);
}

/** `governance.yaml:57:9  workspaces[0].keys[1].name: …` */
export function placedText(source: string, problem: PlacedProblem, style: Style): string {
  const { place } = problem;
  const text = oneLine(problemText(problem));
  if (place === undefined) return text;
  const at = oneLine(`${source}:${place.line}:${place.column}`);
  return `${style.paint(at, 'strong')}  ${text}`;
}

export interface PlacedWarnings {
  readonly open: readonly (PolicyWarning & PlacedProblem)[];
  readonly accepted: readonly (AcceptedWarning & PlacedProblem)[];
}

/** A line for each warning, and how one is accepted. */
export function warningsText(source: string, warnings: PlacedWarnings, style: Style): string {
  const { open, accepted } = warnings;
  const lines = open.map((warning) => {
    const about = style.paint(oneLine(`[${warning.id} ${warning.subject}]`), 'faint');
    return `${style.paint('!', 'warn')} ${placedText(source, warning, style)} ${about}\n`;
  });
  if (open.some(({ id }) => id !== 'accepted-nothing')) {
    const entry = 'acceptedWarnings: [{ id: …, subject: …, reason: … }]';
    lines.push(style.paint(`  to accept one, by what is in brackets: ${entry}`, 'faint'), '\n');
  }
  if (accepted.length > 0) {
    const count = countText(accepted.length, 'warning is', 'warnings are');
    lines.push(style.paint(`  ${count} accepted`, 'faint'), '\n');
  }
  return lines.join('');
}

function excerpt({ place }: PlacedProblem, style: Style): string[] {
  if (style.columns === undefined || place === undefined || place.text === '') return [];
  const margin = (text: string) => style.paint(`${text.padStart(7)} | `, 'faint');
  const room = style.columns - 10;
  const line = shortened(visible(place.text), room);
  const before = visible(place.text.slice(0, place.column - 1));
  const marked = visible(place.text.slice(place.column - 1, place.column - 1 + place.length));
  const start = stringWidth(before);
  if (start >= room) return [];
  const length = Math.max(1, Math.min(stringWidth(marked.trimEnd()), room - start));
  const marks = `${' '.repeat(start)}${style.paint('^'.repeat(length), 'bad')}`;
  return [`${margin(String(place.line))}${line}`, `${margin('')}${marks}`];
}

/** Of the width that it has in the file, but for tabs, which are as wide as a terminal likes. */
function visible(text: string): string {
  return oneLine(text.replaceAll('\t', '  '));
}
