import { countText } from '../platform/wording.js';

/** What is wrong with a policy, or unexpected in it, and the field that says so. */
export interface PolicyProblem {
  /** Empty for the policy as a whole. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A part of one line of a file; lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The whole line. */
  readonly text: string;
}

export interface PlacedProblem extends PolicyProblem {
  /** `undefined` for a policy that is not from a text. */
  readonly place: Place | undefined;
}

/** Why a policy cannot be used; its message has a line for each problem. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(
    /** Where the policy is from. */
    readonly source: string,
    readonly problems: readonly PlacedProblem[],
    /** Whether it is not even YAML. */
    readonly isUnreadable = false,
  ) {
    const lines = problems.map((problem) => `\n  ${problemLine(source, problem)}`);
    super(`${problemsHeading(source, problems)}${lines.join('')}`);
  }
}

export function problemsHeading(source: string, problems: readonly unknown[]): string {
  return `${source} has ${countText(problems.length, 'problem')}:`;
}

/** `workspaces[0].keys[1].name: …` */
export function problemText({ path, message }: PolicyProblem): string {
  return path.length === 0 ? message : `${pathText(path)}: ${message}`;
}

/** `governance.yaml:57:9  workspaces[0].keys[1].name: …` */
export function problemLine(source: string, problem: PlacedProblem): string {
  const { place } = problem;
  const text = problemText(problem);
  return place === undefined ? text : `${source}:${place.line}:${place.column}  ${text}`;
}

/** For programs. */
export function problemDocument({ path, message, place }: PlacedProblem) {
  return { path: pathText(path), line: place?.line, column: place?.column, message };
}

/** In the order in which they stand in the file. */
export function inOrderOfPlace<Placed extends { readonly place: Place | undefined }>(
  problems: readonly Placed[],
): Placed[] {
  return [...problems].sort(
    ({ place: one }, { place: other }) =>
      (one?.line ?? 0) - (other?.line ?? 0) || (one?.column ?? 0) - (other?.column ?? 0),
  );
}

export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`,
    )
    .join('');
}
