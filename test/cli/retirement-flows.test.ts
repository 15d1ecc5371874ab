import { SFNClient } from '@aws-sdk/client-sfn';
import { expect, onTestFinished, test } from 'vitest';
import { createRetirementFlows } from '../../cli/keys/retirement-flows.js';
import { localAws } from '../../testing/aws.js';
import { answerAwsJson } from '../../testing/fakes/aws-json.js';
import { createExecutions, type Execution } from '../../testing/fakes/executions.js';
import { serveHttp } from '../../testing/fakes/http-server.js';
import { aRetirement } from '../support/builders.js';

const NOW = new Date('2026-11-25T10:00:00Z');

/** A fake Step Functions that counts the descriptions it is asked for. */
async function openFlows(onStart: (execution: Execution) => void = () => {}) {
  const executions = createExecutions(() => NOW, onStart);
  const asked = { descriptions: 0, inProgress: 0, mostAtOnce: 0 };
  const server = await serveHttp((call) =>
    answerAwsJson(call, {
      ...executions.operations,
      async DescribeExecution(input) {
        asked.descriptions += 1;
        asked.inProgress += 1;
        asked.mostAtOnce = Math.max(asked.mostAtOnce, asked.inProgress);
        await new Promise(setImmediate);
        asked.inProgress -= 1;
        return executions.operations.DescribeExecution?.(input);
      },
    }),
  );
  const client = new SFNClient(localAws(server.url));
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const { stateMachineArn } = executions;
  return {
    executions,
    asked,
    flows: createRetirementFlows({ client, stateMachineArn, sleep: async () => {} }),
    start: (name: string) =>
      executions.operations.StartExecution?.({ name, input: JSON.stringify(aRetirement()) }),
  };
}

test('a thousand replaced keys are described a few at a time, and each only once', async () => {
  const { flows, start, asked } = await openFlows();
  for (let at = 0; at < 1000; at += 1) start(`version-${at}`);
  start('revoke-version-0');
  expect(await flows.running()).toHaveLength(1000);
  expect((await flows.running()).at(-1)).toMatchObject({
    name: 'version-999',
    retirement: { oldKeyId: aRetirement().oldKeyId },
  });
  expect(asked.descriptions).toBe(1000);
  expect(asked.mostAtOnce).toBeGreaterThan(1);
  expect(asked.mostAtOnce).toBeLessThanOrEqual(8);
});

test('a revocation that failed is retried under a name of its own', async () => {
  const { flows, start, executions } = await openFlows((execution) => {
    if (execution.name === 'revoke-new') execution.status = 'FAILED';
    if (execution.name === 'revoke-new-2') execution.status = 'SUCCEEDED';
  });
  start('new');
  const [waiting] = await flows.running();
  if (!waiting) throw new Error('one was started');
  expect(await flows.revokeAtOnce(waiting, NOW)).toBe('failed');
  expect(executions.all().find(({ name }) => name === 'new')?.status).toBe('RUNNING');

  expect(await flows.revokeAtOnce(waiting, NOW)).toBe('revoked');
  expect(executions.all().find(({ name }) => name === 'new')?.status).toBe('ABORTED');
});
