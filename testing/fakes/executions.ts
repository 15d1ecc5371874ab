import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod';
import { AwsError, type AwsOperation, seconds } from './aws-json.js';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';

export interface Execution {
  readonly name: string;
  readonly arn: string;
  readonly input: unknown;
  readonly startedAt: Date;
  status: ExecutionStatus;
  /** The events of its run so far, as the interpreter logs them. */
  readonly history: unknown[];
  /** The tasks and waits it entered, with the virtual time. */
  readonly path: { readonly state: string; readonly at: Date }[];
}

export type Executions = ReturnType<typeof createExecutions>;

const ACCOUNT = 'eu-west-1:111122223333';

const StartSchema = z.object({
  name: z
    .string()
    .max(80)
    .default(() => randomUUID()),
  input: z.string(),
});
const ListSchema = z.object({ statusFilter: z.string().optional() });
/** As the interpreter logs it. */
const EnteredSchema = z.object({
  type: z.literal('StateEntered'),
  state: z.object({ name: z.string(), type: z.string(), input: z.unknown() }),
});
const ByArnSchema = z.object({ executionArn: z.string() });

/**
 * Step Functions as far as this product uses it: starting, listing and stopping executions. `onStart` runs
 * each started execution.
 */
export function createExecutions(now: () => Date, onStart: (execution: Execution) => void) {
  const executions = new Map<string, Execution>();

  function find(input: unknown): Execution {
    const { executionArn } = ByArnSchema.parse(input);
    const execution = [...executions.values()].find(({ arn }) => arn === executionArn);
    if (execution) return execution;
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
  }

  const operations: Record<string, AwsOperation> = {
    StartExecution(input) {
      const { name, input: text } = StartSchema.parse(input);
      const parsed: unknown = JSON.parse(text);
      const known = executions.get(name);
      if (known) {
        // A name keeps its input; starting a running execution again with the same input succeeds.
        const same = JSON.stringify(known.input) === JSON.stringify(parsed);
        if (known.status === 'RUNNING' && same) return startedAs(known);
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${known.arn}'`);
      }
      const execution: Execution = {
        name,
        arn: `arn:aws:states:${ACCOUNT}:execution:Retirement:${name}`,
        input: parsed,
        startedAt: now(),
        status: 'RUNNING',
        history: [],
        path: [],
      };
      executions.set(name, execution);
      onStart(execution);
      return startedAs(execution);
    },

    ListExecutions(input) {
      const { statusFilter } = ListSchema.parse(input);
      return {
        executions: [...executions.values()]
          .filter(({ status }) => statusFilter === undefined || status === statusFilter)
          .map(({ arn, name, status, startedAt }) => ({
            executionArn: arn,
            name,
            status,
            startDate: seconds(startedAt),
          })),
      };
    },

    DescribeExecution(input) {
      const execution = find(input);
      return {
        executionArn: execution.arn,
        name: execution.name,
        status: execution.status,
        startDate: seconds(execution.startedAt),
        input: JSON.stringify(execution.input),
      };
    },

    /** Of the events, those that this product reads. */
    async GetExecutionHistory(input) {
      await setImmediate(); // the interpreter logs a state's begin beside its task
      const events = find(input).history.flatMap((event) => {
        const { data } = EnteredSchema.safeParse(event);
        if (!data) return [];
        const { name, type, input: entered } = data.state;
        const stateEnteredEventDetails = { name, input: JSON.stringify(entered) };
        return [{ type: `${type}StateEntered`, stateEnteredEventDetails }];
      });
      return { events: events.toReversed() };
    },

    StopExecution(input) {
      const execution = find(input);
      if (execution.status === 'RUNNING') execution.status = 'ABORTED';
      return { stopDate: seconds(now()) };
    },
  };

  return {
    stateMachineArn: `arn:aws:states:${ACCOUNT}:stateMachine:Retirement`,
    operations,
    all: (): readonly Execution[] => [...executions.values()],
  };
}

function startedAs({ arn, startedAt }: Execution) {
  return { executionArn: arn, startDate: seconds(startedAt) };
}
