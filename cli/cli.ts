import type { Readable } from 'node:stream';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { ExitCode } from './exit-codes.js';
import type { KnownKeys } from './known-keys.js';
import type { Progress } from './terminal/progress.js';
import type { Questions } from './terminal/prompts.js';
import type { Style } from './terminal/style.js';

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

/** What commands get from the process they run in. */
export interface Cli {
  readonly progress: Progress;
  readonly questions: Questions;
  readonly keys: KnownKeys;
  readonly stdin: Readable;
  /** Whether `readKey` asks somebody at a terminal. */
  readonly isKeyTyped: boolean;
  /** A key that a person types unseen, or stdin's. From then on nothing prints it. */
  readKey(prompt: string): Promise<ApiKey>;
  readonly now: () => Date;
  /** Runs a command and prints its answer, or why there is none. Never throws. */
  run(options: CommonOptions, command: () => Answer | Promise<Answer>): Promise<void>;
}
