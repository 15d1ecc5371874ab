/** What is wrong with a policy whose every field is right by itself. */
export interface PolicyProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export function unknown(what: string, value: string, known: readonly string[]): string {
  return `unknown ${what} ${quoted(value)}: known are ${known.map(quoted).join(', ') || 'none'}`;
}

export function quoted(value: string): string {
  return JSON.stringify(value);
}
