import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Alert } from './alert.js';
import { renderAlert } from './render-alert.js';

/** Sends alerts to the topic that on-call subscribes to. */
export interface AlertPublisher {
  publish(alert: Alert): Promise<void>;
}

export function createAlertPublisher(
  client: SNSClient,
  topicArn: string,
  runbookUrl: string,
): AlertPublisher {
  return {
    async publish(alert) {
      const { subject, message, attributes } = renderAlert(alert, runbookUrl);
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: subject,
          Message: message,
          MessageStructure: 'json',
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, StringValue]) => [
              name,
              { DataType: 'String', StringValue },
            ]),
          ),
        }),
      );
    },
  };
}
