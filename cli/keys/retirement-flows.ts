import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  paginateListExecutions,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  type Retirement,
  RetirementSchema,
  revokeAtOnce,
} from '../../lambdas/domain/retirement.js';

/** A retirement under way. */
export interface RunningRetirement {
  readonly name: string;
  readonly executionArn: string;
  readonly retirement: Retirement;
}

export type RetirementEnd = 'revoked' | 'failed' | 'still running';

export interface RetirementFlows {
  /** Those that wait; not the ones that were told to revoke at once. */
  running(): Promise<readonly RunningRetirement[]>;
  /** Runs the same flow with nothing to wait for, and ends the one that waits once the key is gone. */
  revokeAtOnce(waiting: RunningRetirement, now: Date): Promise<RetirementEnd>;
}

export interface RetirementFlowsOptions {
  readonly client: SFNClient;
  readonly stateMachineArn: string;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

const REVOCATION = 'revoke-';
const LONGEST_NAME = 80;
const STOPPED_BECAUSE = 'revoked at once from the command line';
/** A revocation takes seconds; one that Mistral does not confirm is tried for some minutes. */
const LOOKS = 200;
const PAUSE_MS = 3000;
const FIRST_PAUSE_MS = 500;

export function createRetirementFlows({
  client,
  stateMachineArn,
  sleep,
}: RetirementFlowsOptions): RetirementFlows {
  async function end(executionArn: string): Promise<RetirementEnd> {
    for (let look = 0; look < LOOKS; look += 1) {
      await sleep(look === 0 ? FIRST_PAUSE_MS : PAUSE_MS);
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') return 'revoked';
      if (status !== 'RUNNING') return 'failed';
    }
    return 'still running';
  }

  return {
    async running() {
      const found: RunningRetirement[] = [];
      const pages = paginateListExecutions(
        { client },
        { stateMachineArn, statusFilter: 'RUNNING', maxResults: 100 },
      );
      for await (const { executions = [] } of pages) {
        for (const { executionArn, name = '' } of executions) {
          const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
          const parsed = RetirementSchema.safeParse(JSON.parse(input ?? 'null'));
          if (parsed.success && executionArn && !name.startsWith(REVOCATION)) {
            found.push({ name, executionArn, retirement: parsed.data });
          }
        }
      }
      return found;
    },

    async revokeAtOnce({ name, executionArn, retirement }, now) {
      const input = JSON.stringify(revokeAtOnce(retirement, now));
      const started = await start(client, stateMachineArn, revocationName(name), input);
      const ended = await end(started);
      if (ended === 'revoked') {
        await client.send(new StopExecutionCommand({ executionArn, cause: STOPPED_BECAUSE }));
      }
      return ended;
    },
  };
}

/** For a replaced key that of the command in its alert, so that both together revoke once. */
function revocationName(waiting: string): string {
  return `${REVOCATION}${waiting}`.slice(0, LONGEST_NAME);
}

/** One of that name that was started before, by the command of an alert for example, is the same one. */
async function start(
  client: SFNClient,
  stateMachineArn: string,
  name: string,
  input: string,
): Promise<string> {
  try {
    const { executionArn = '' } = await client.send(
      new StartExecutionCommand({ stateMachineArn, name, input }),
    );
    return executionArn;
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
    return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  }
}
