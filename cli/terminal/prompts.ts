import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';

export interface Questions {
  /** Whether there is a person to ask: commands that need a yes must say so otherwise. */
  readonly canAsk: boolean;
  /** Only "y" and "yes" are a yes. @throws CommandFailure on ^C */
  confirm(question: string): Promise<boolean>;
}

export function createQuestions(input: Readable, output: Writable, canAsk: boolean): Questions {
  return {
    canAsk,

    async confirm(question) {
      const lines = createInterface({ input, output, terminal: true });
      try {
        return await new Promise<boolean>((resolve, reject) => {
          lines.once('SIGINT', () => {
            output.write('\n');
            reject(interrupted());
          });
          lines.once('close', () => resolve(false)); // ^D says nothing
          lines
            .question(`${question} [y/N] `)
            .then((answer) => resolve(/^\s*y(es)?\s*$/i.test(answer)), reject);
        });
      } finally {
        lines.close();
      }
    },
  };
}

export function interrupted(): CommandFailure {
  return new CommandFailure('interrupted', EXIT.interrupted, 'interrupted');
}
