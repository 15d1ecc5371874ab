import { jsonText, plainLines } from '../governance/platform/quoting.js';
import { problemDocument } from '../governance/policy/policy-problem.js';
import type { Answer } from './cli.js';
import { type CommandFailure, EXIT, type ExitCode } from './failure.js';
import { problemLines } from './terminal/problem-lines.js';
import { type Output, styleOf } from './terminal/style.js';

export type Printer = ReturnType<typeof createPrinter>;

/** Prints answers to stdout and everything else to stderr. */
export function createPrinter(
  { stdout, stderr }: { readonly stdout: Output; readonly stderr: Output },
  safe: (text: string) => string,
) {
  let exitCode: ExitCode = EXIT.ok;
  const out = (text: string) => void stdout.write(safe(text));
  const err = (text: string) => void stderr.write(safe(text));
  return {
    out,
    err,

    /** As text, or with `--json` as the one document on stdout. */
    answer(answer: Answer, json: boolean): void {
      out(json ? documentText(answer.document, withNulls) : answer.text(styleOf(stdout)));
      exitCode = answer.exitCode;
    },

    /** As text on stderr, or with `--json` as the one document on stdout. */
    failure({ code, message, details, exitCode: failed }: CommandFailure, json: boolean): void {
      const { problems, done, policyError } = details;
      if (json) {
        const errors = policyError?.problems.map(problemDocument);
        out(documentText({ error: { ...done, code, message, problems, errors } }));
      } else {
        const style = styleOf(stderr);
        const lines = policyError
          ? problemLines(policyError, style)
          : (problems ?? []).map((problem) => `  ${plainLines(problem)}`);
        const all = [`${style.paint('error:', 'bad')} ${plainLines(message)}`, ...lines];
        err(`${all.join('\n')}\n`);
      }
      exitCode = failed;
    },

    /** Of what was printed last. */
    exitCode: () => exitCode,
  };
}

function documentText(document: unknown, replacer?: typeof withNulls): string {
  return `${jsonText(document, { replacer, indent: 2 })}\n`;
}

/** What is missing is null, so that a command's document always has the same fields. */
function withNulls(_key: string, value: unknown): unknown {
  return value === undefined ? null : value;
}
