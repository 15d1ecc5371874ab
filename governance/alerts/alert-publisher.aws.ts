import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Policy } from '../policy/policy.js';
import type { Alert } from './alert.js';
import { type AlertsEnv, originOf } from './alert-origin.js';
import { renderAlert } from './render-alert.js';

/** Sends alerts to the topic that on-call subscribes to. */
export interface AlertPublisher {
  publish(alert: Alert): Promise<void>;
}

export function createAlertPublisher(
  client: SNSClient,
  env: AlertsEnv,
  rules: Policy['alerts'],
): AlertPublisher {
  const place = { ...rules, origin: originOf(env, rules) };
  return {
    async publish(alert) {
      const { subject, message, attributes } = renderAlert(alert, place);
      await client.send(
        new PublishCommand({
          TopicArn: env.ALERTS_TOPIC_ARN,
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
