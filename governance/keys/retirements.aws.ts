import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  GetExecutionHistoryCommand,
  paginateListExecutions,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { parseJson } from '../platform/json.js';
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

/** A state of an execution, with what it was entered with. */
export interface EnteredState {
  readonly name: string;
  readonly input: unknown;
}

/** What executions do now, from their histories: nothing but the flow itself writes there. */
export interface ExecutionStates {
  /** The state that an execution entered last. */
  current(executionArn: string): Promise<EnteredState | undefined>;
}

/** More than a state has with all of its retries. */
const EVENTS_OF_STATE = 100;

export function createExecutionStates(client: SFNClient): ExecutionStates {
  return {
    async current(executionArn) {
      const newest = { reverseOrder: true, maxResults: EVENTS_OF_STATE };
      const { events = [] } = await client.send(
        new GetExecutionHistoryCommand({ executionArn, ...newest }),
      );
      const entered = events.find((event) => event.stateEnteredEventDetails);
      const { name, input } = entered?.stateEnteredEventDetails ?? {};
      return name === undefined ? undefined : { name, input: parseJson(input ?? '') };
    },
  };
}

/** What an execution was started with, which never changes; `undefined` if that is not a retirement. */
export async function retirementOf(
  client: SFNClient,
  executionArn: string,
): Promise<Retirement | undefined> {
  const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
  return RetirementSchema.safeParse(JSON.parse(input ?? 'null')).data;
}
