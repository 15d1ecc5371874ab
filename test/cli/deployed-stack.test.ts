import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { expect, test } from 'vitest';
import { findDeployedStack, stackName } from '../../cli/deployed-stack.js';
import { localAws } from '../../testing/aws.js';
import { openCliWorld } from './cli-world.js';

const outputs = { QuotaTableName: 'quotas', AuditFunctionName: 'audit' };
const clientOf = ({ url }: { url: string }) => new CloudFormationClient(localAws(url));

test('the deployed stack is found by its name and has outputs', async () => {
  const world = await openCliWorld({ outputs });
  const stack = await findDeployedStack(clientOf(world), {});
  expect([stack.name, stack.output('QuotaTableName')]).toEqual(['MistralGovernance', 'quotas']);
  expect(() => stack.output('GatewayUrl')).toThrow('does not enable the gateway');
  expect(() => stack.output('AlertsTopicArn')).toThrow('has no output AlertsTopicArn: deploy it');
});

test('fails for a missing stack, naming the region', async () => {
  const world = await openCliWorld({ outputs });
  const finding = findDeployedStack(clientOf(world), { environment: 'staging' });
  await expect(finding).rejects.toMatchObject({
    code: 'stack_not_found',
    exitCode: 3,
    message: expect.stringContaining(
      'stack MistralGovernance-staging does not exist in region eu-west-1',
    ),
  });
});

test('a stack of another name is found by that name', () => {
  expect(stackName({ stack: 'Other' })).toBe('Other');
});
