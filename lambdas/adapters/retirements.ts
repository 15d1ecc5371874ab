import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  paginateListExecutions,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Retirement, RetirementSchema } from '../domain/retirement.js';

/** The executions of the retirement state machine. */
export interface Retirements {
  /** Starts the flow under this name; one of that name that was started before is the same one. */
  start(name: string, retirement: Retirement): Promise<'started' | 'already started'>;
  /** What the flows that now run will retire. */
  running(): AsyncIterable<Retirement>;
}

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
      const pages = paginateListExecutions(
        { client },
        { stateMachineArn, statusFilter: 'RUNNING', maxResults: 100 },
      );
      for await (const { executions = [] } of pages) {
        for (const { executionArn } of executions) {
          const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
          const parsed = RetirementSchema.safeParse(JSON.parse(input ?? 'null'));
          if (parsed.success) yield parsed.data;
        }
      }
    },
  };
}
