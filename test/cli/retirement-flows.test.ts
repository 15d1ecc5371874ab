import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, onTestFinished, test } from 'vitest';
import { createRetirementFlows } from '../../cli/keys/retirement-flows.js';
import { localAws } from '../../testing/aws.js';
import { answerAwsJson } from '../../testing/fakes/aws-json.js';
import { createExecutions, type Execution } from '../../testing/fakes/executions.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { aRetirement } from '../support/builders.js';

const NOW = new Date('2026-11-25T10:00:00Z');
const sleep = async () => {};

/** Executions in memory, some of them started. */
function executionsOf(
  names: readonly string[],
  onStart: (execution: Execution) => void = () => {},
) {
  const executions = createExecutions(() => NOW, onStart);
  for (const name of names) {
    executions.operations.StartExecution?.({ name, input: JSON.stringify(aRetirement()) });
  }
  return executions;
}

test('a thousand replaced keys are described a few at a time, and each only once', async () => {
  const names = Array.from({ length: 1000 }, (_, at) => `version-${at}`);
  const { operations, stateMachineArn } = executionsOf([...names, 'revoke-version-0']);
  const described = { total: 0, inProgress: 0, mostAtOnce: 0 };
  const client = new SFNClient(localAws('http://localhost'));
  mockClient(client)
    .on(ListExecutionsCommand)
    .callsFake((input) => operations.ListExecutions?.(input))
    .on(DescribeExecutionCommand)
    .callsFake(async (input) => {
      described.total += 1;
      described.inProgress += 1;
      described.mostAtOnce = Math.max(described.mostAtOnce, described.inProgress);
      await new Promise(setImmediate);
      described.inProgress -= 1;
      return operations.DescribeExecution?.(input);
    });
  const flows = createRetirementFlows({ client, stateMachineArn, sleep });

  expect(await flows.running()).toHaveLength(1000);
  expect((await flows.running()).at(-1)).toMatchObject({
    name: 'version-999',
    retirement: { oldKeyId: aRetirement().oldKeyId },
  });
  expect(described.total).toBe(1000);
  expect(described.mostAtOnce).toBeGreaterThan(1);
  expect(described.mostAtOnce).toBeLessThanOrEqual(8);
});

test('a revocation that failed is retried under a name of its own', async () => {
  const executions = executionsOf(['new'], (execution) => {
    if (execution.name === 'revoke-new') execution.status = 'FAILED';
    if (execution.name === 'revoke-new-2') execution.status = 'SUCCEEDED';
  });
  const server = await serveHttp((call) => answerAwsJson(call, executions.operations));
  const client = new SFNClient(localAws(server.url));
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const { stateMachineArn } = executions;
  const flows = createRetirementFlows({ client, stateMachineArn, sleep });
  const statusOf = (wanted: string) => executions.all().find(({ name }) => name === wanted)?.status;
  const [waiting] = await flows.running();
  if (!waiting) throw new Error('one was started');

  expect(await flows.revokeAtOnce(waiting, NOW)).toBe('failed');
  expect(statusOf('new')).toBe('RUNNING');
  expect(await flows.revokeAtOnce(waiting, NOW)).toBe('revoked');
  expect(statusOf('new')).toBe('ABORTED');
});
