import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  paginateListExecutions,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Retirement, RetirementSchema, type StartedRetirement } from './retirement.js';

/** The executions of the retirement state machine. */
export interface Retirements {
  /** Starts the flow under this name; a second start of the same name finds the first execution. */
  start(name: string, retirement: Retirement): Promise<'started' | 'already started'>;
  /** What the running flows will retire. */
  running(): AsyncIterable<StartedRetirement>;
}

/** The maximum of Step Functions. */
const PAGE_SIZE = 1000;

export function createRetirements(client: SFNClient, stateMachineArn: string): Retirements {
  return {
    async start(name, retirement) {
      try {
        await client.send(
          new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(retirement) }),
        );
        return 'started';
      } catch (error) {
        if (error instanceof ExecutionAlreadyExists) return 'already started';
        throw error;
      }
    },

    async *running() {
      for await (const { executionArn, startedAt } of runningExecutions(client, stateMachineArn)) {
        const retirement = await retirementOf(client, executionArn);
        if (retirement) yield { ...retirement, startedAt };
      }
    },
  };
}

export interface RunningExecution {
  readonly name: string;
  readonly executionArn: string;
  readonly startedAt: Date;
}

export async function* runningExecutions(
  client: SFNClient,
  stateMachineArn: string,
): AsyncIterable<RunningExecution> {
  const pages = paginateListExecutions(
    { client },
    { stateMachineArn, statusFilter: 'RUNNING', maxResults: PAGE_SIZE },
  );
  for await (const { executions = [] } of pages) {
    for (const { executionArn, name = '', startDate } of executions) {
      if (executionArn && startDate) yield { name, executionArn, startedAt: startDate };
    }
  }
}

/** What an execution was started with, which never changes; `undefined` if that is not a retirement. */
export async function retirementOf(
  client: SFNClient,
  executionArn: string,
): Promise<Retirement | undefined> {
  const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
  return RetirementSchema.safeParse(JSON.parse(input ?? 'null')).data;
}
