import {
  type ExecutionListItem,
  type HistoryEvent,
  paginateGetExecutionHistory,
  paginateListExecutions,
} from '@aws-sdk/client-sfn';
import { collect } from '../governance/platform/collect.js';
import { claim } from './report.js';
import type { Scene } from './scene.js';
import { until } from './waiting.js';

/** A rotation names the execution that it starts after the version that it made. */
export function executionArnOf({ outputs }: Scene, name: string): string {
  return `${outputs.RetirementStateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** Waits for an execution of the retirement flow, and for its good end. */
export async function retired(scene: Scene, name: string): Promise<void> {
  const executionArn = executionArnOf(scene, name);
  const { status, error, cause } = await until(
    `the end of retirement ${name}`,
    () => scene.cloud.stepFunctions.describeExecution({ executionArn }),
    (execution) => execution.status !== 'RUNNING',
  );
  claim(status === 'SUCCEEDED', `a good end of retirement ${name}`, { status, error, cause });
  scene.report.count('stepsDriven', 'retirement flow to its end');
}

export async function listRetirements(
  { cloud, outputs }: Scene,
  statusFilter?: 'RUNNING',
): Promise<ExecutionListItem[]> {
  const client = cloud.stepFunctions;
  const input = { stateMachineArn: outputs.RetirementStateMachineArn, statusFilter };
  const pages = await collect(paginateListExecutions({ client }, input));
  return pages.flatMap(({ executions = [] }) => executions);
}

export async function historyOf(
  { cloud }: Scene,
  executionArn: string | undefined,
): Promise<HistoryEvent[]> {
  const client = cloud.stepFunctions;
  const pages = await collect(paginateGetExecutionHistory({ client }, { executionArn }));
  return pages.flatMap(({ events = [] }) => events);
}
