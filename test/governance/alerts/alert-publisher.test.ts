import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, expect, test } from 'vitest';
import { createAlertPublisher } from '../../../governance/alerts/alert-publisher.aws.js';
import { aPolicy } from '../../support/builders.js';

const TOPIC_ARN = 'arn:aws:sns:eu-west-1:111122223333:alerts';
const sns = mockClient(SNSClient);
afterAll(() => sns.restore());

test('publishes one message with a body for each protocol and attributes to filter by', async () => {
  sns.on(PublishCommand).resolves({});
  const topic = createAlertPublisher(
    new SNSClient(),
    { ALERTS_TOPIC_ARN: TOPIC_ARN, STACK_NAME: 'MistralGovernance' },
    aPolicy().alerts,
    undefined,
  );
  await topic.publish({
    type: 'key-revoked',
    severity: 'info',
    workspace: 'dev-workspace',
    threadId: 'rotation-v2',
    at: new Date('2026-04-08T01:00:00Z'),
    title: 'Old key is revoked',
    description: 'It is gone.',
    facts: {},
    nextSteps: [],
  });

  const input = sns.commandCalls(PublishCommand)[0]?.args[0].input;
  expect(input).toMatchObject({
    TopicArn: TOPIC_ARN,
    Subject: 'Old key is revoked',
    MessageStructure: 'json',
    MessageAttributes: {
      type: { DataType: 'String', StringValue: 'key-revoked' },
      severity: { DataType: 'String', StringValue: 'info' },
      workspace: { DataType: 'String', StringValue: 'dev-workspace' },
    },
  });
  expect(Object.keys(JSON.parse(input?.Message ?? ''))).toEqual(
    expect.arrayContaining(['default', 'email', 'https', 'sqs', 'lambda', 'sms']),
  );
});
