import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Outbound } from '../governance/platform/outbound.js';
import { type ExitCode, wrongInput } from './failure.js';
import type { KnownKeys } from './known-keys.js';
import type { Progress } from './terminal/progress.js';
import type { Prompts } from './terminal/prompts.js';
import type { Style } from './terminal/style.js';

/** How clients of AWS go out, where that is not Node's own way. */
export type OutboundAgents = Partial<Outbound['requestHandler']>;

/** What a command found out, for people and for scripts. */
export interface Answer {
  /** The one document that `--json` prints. */
  readonly document: Readonly<Record<string, unknown>>;
  /** The same in words, each line with its end. */
  text(style: Style): string;
  readonly exitCode: ExitCode;
}

/** Options that every command takes. */
export interface CommonOptions {
  readonly policy: string;
  readonly stack?: string;
  readonly environment?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

/** What commands get from the process that they run in. */
export interface Cli {
  readonly progress: Progress;
  readonly prompts: Prompts;
  readonly keys: KnownKeys;
  readonly stdin: Readable;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** Where no option names one. @default as the SDK finds it */
  readonly region?: string | undefined;
  /** The folder of the repository, by which CI names files. @default the current one */
  readonly repository?: string | undefined;
  /** Opens the way out that the environment names; for clients of AWS. @throws Error for a wrong one */
  readonly outbound: () => Promise<OutboundAgents>;
  /** Keeps the process running after the answer; ^C lets this finish first. */
  onInterrupt(stop: () => Promise<void>): void;
  /** Prints the answer of a command, or why there is none. Never throws. */
  run(options: CommonOptions, command: () => Answer | Promise<Answer>): Promise<void>;
}

/** An action for commander: runs a command with all its options and its arguments. */
export function action<Options extends CommonOptions>(
  cli: Cli,
  command: (cli: Cli, options: Options, ...args: string[]) => Answer | Promise<Answer>,
): (...given: unknown[]) => Promise<void> {
  return (...given) => {
    const parsed = given.at(-1) as Command; // commander passes it last
    const { region } = cli;
    const options = { ...(region && { region }), ...parsed.optsWithGlobals<Options>() };
    return cli.run(options, () => {
      checkOwnOptions(parsed);
      return command(cli, options, ...parsed.processedArgs);
    });
  };
}

/** Commander takes options of `audit` for `audit verify` as well, where they would do nothing. */
function checkOwnOptions({ parent: group }: Command): void {
  if (!group?.parent) return; // options of the program are for every command
  for (const option of group.options) {
    if (group.getOptionValueSource(option.attributeName()) !== 'cli') continue;
    throw wrongInput(`${option.long} is an option of "${group.name()}" alone: leave it out here`);
  }
}
