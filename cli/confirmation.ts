import type { Cli } from './cli.js';
import { CommandFailure, EXIT } from './failure.js';

export interface Confirmation {
  /** What happens, behind "this would". */
  readonly would: string;
  /** What happens and to whom, in sentences. */
  readonly warning: string;
  readonly question: string;
  /** What did not happen, where the answer is no. */
  readonly declined: string;
}

/** @throws CommandFailure unless the user agrees, on a terminal or by `--yes` */
export async function requireYes(
  { progress, prompts }: Pick<Cli, 'progress' | 'prompts'>,
  yes: boolean | undefined,
  { would, warning, question, declined }: Confirmation,
): Promise<void> {
  if (yes) return;
  if (!prompts.canAsk) throw notConfirmed(`this would ${would}: add --yes to confirm`);
  progress.line(warning);
  if (!(await prompts.confirm(question))) throw notConfirmed(declined);
}

function notConfirmed(message: string): CommandFailure {
  return new CommandFailure('not_confirmed', EXIT.no, message);
}
