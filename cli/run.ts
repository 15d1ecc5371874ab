import type { Answer, Cli, CommonOptions } from './cli.js';
import type { ExitCode } from './exit-codes.js';
import { type CommandFailure, failureOf } from './failure.js';
import type { Style } from './terminal/style.js';
import { plainText } from './terminal/text.js';

export interface Printer {
  /** To stdout: answers. */
  out(text: string): void;
  /** To stderr: everything else. */
  err(text: string): void;
  readonly outStyle: Style;
  readonly errStyle: Style;
  end(exitCode: ExitCode): void;
}

export type CliParts = Omit<Cli, 'run'> & { readonly printer: Printer };

export function createCli({ printer, ...parts }: CliParts): Cli {
  return {
    ...parts,

    async run(options: CommonOptions, command: () => Answer | Promise<Answer>) {
      try {
        const { document, text, exitCode } = await command();
        const shown = options.json ? jsonText(document, withNulls) : text(printer.outStyle);
        printer.out(parts.keys.redact(shown));
        printer.end(exitCode);
      } catch (error) {
        parts.progress.clear();
        const failure = failureOf(error);
        printFailure(failure, options.json ?? false, printer, parts.keys.redact);
      }
    },
  };
}

/** With `--json`, a failure is the one document on stdout; else words on stderr. */
export function printFailure(
  { code, message, problems, done, exitCode }: CommandFailure,
  asJson: boolean,
  printer: Printer,
  redact: (text: string) => string,
): void {
  if (asJson) {
    printer.out(redact(jsonText({ error: { ...done, code, message, problems } })));
  } else {
    const lines = (problems ?? []).map((problem) => `\n  ${problem}`).join('');
    const mark = printer.errStyle.paint('error:', 'bad');
    printer.err(`${mark} ${redact(plainText(message + lines))}\n`);
  }
  printer.end(exitCode);
}

function jsonText(document: unknown, replacer?: typeof withNulls): string {
  return `${JSON.stringify(document, replacer, 2)}\n`;
}

/** What is not there is null, so that a document has the same fields whatever it says. */
function withNulls(_key: string, value: unknown): unknown {
  return value === undefined ? null : value;
}
