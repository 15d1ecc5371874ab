/** What a tool of others found in this product, in its own words and with the place. */
export interface Finding {
  readonly at: string;
  readonly what: string;
}

/** Findings that are right to be there, with the reason. */
export interface Acknowledged {
  /** For readers of the docs. */
  readonly topic: string;
  readonly at: RegExp;
  readonly what: RegExp;
  readonly reason: string;
}

export interface Verdict {
  readonly tool: string;
  readonly version: string;
  /** What it checked, and how much of it. */
  readonly checked: string;
  /** Each fails the run. */
  readonly findings: readonly Finding[];
  readonly acknowledged: readonly (Finding & { readonly reason: string })[];
  /** What a reader of the run should know besides. */
  readonly notes: readonly string[];
}

export interface OracleRun {
  /** Called with what undoes a start, to be called at the end. */
  readonly onStart: (stop: () => unknown) => void;
}

export interface Oracle {
  readonly name: string;
  run(run: OracleRun): Promise<readonly Verdict[]>;
}

/** Parts findings by what is acknowledged; the same finding counts once. */
export function judge(
  found: readonly Finding[],
  acknowledged: readonly Acknowledged[],
): Pick<Verdict, 'findings' | 'acknowledged'> {
  const distinct = [...new Map(found.map((one) => [`${one.at}\0${one.what}`, one])).values()];
  const reasonOf = ({ at, what }: Finding) =>
    acknowledged.find((one) => one.at.test(at) && one.what.test(what))?.reason;
  return {
    findings: distinct.filter((one) => reasonOf(one) === undefined),
    acknowledged: distinct.flatMap((one) => {
      const reason = reasonOf(one);
      return reason === undefined ? [] : [{ ...one, reason }];
    }),
  };
}

/** One line for each tool, then what fails the run, and why the rest does not. */
export function linesOf(verdicts: readonly Verdict[]): readonly string[] {
  const rows = [
    ['tool', 'version', 'checked', 'findings', 'acknowledged'],
    ...verdicts.map(({ tool, version, checked, findings, acknowledged }) => [
      ...[tool, version, checked, String(findings.length), String(acknowledged.length)],
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [
    ...table,
    ...verdicts.flatMap(({ tool, notes }) => notes.map((note) => `${tool}: ${note}`)),
    ...verdicts.flatMap(({ acknowledged }) => reasonsOf(acknowledged)),
    ...verdicts.flatMap(({ findings }) => findings.map(({ at, what }) => `✗ ${at}: ${what}`)),
  ];
}

function reasonsOf(acknowledged: Verdict['acknowledged']): readonly string[] {
  return [...new Set(acknowledged.map(({ reason }) => reason))].map((reason) => {
    const findings = acknowledged.filter((one) => one.reason === reason);
    const places = [...new Set(findings.map(({ at }) => at))].join(', ');
    return `acknowledged: ${findings[0]?.what} (${places}): ${reason}`;
  });
}
