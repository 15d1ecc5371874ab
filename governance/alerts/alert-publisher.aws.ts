import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Policy } from '../policy/policy.js';
import type { Alert } from './alert.js';
import { type AlertsEnv, originOf } from './alert-origin.js';
import type { EventBus } from './event-bus.aws.js';
import { renderAlert } from './render-alert.js';
import { eventOf } from './state-event.js';

/** Sends alerts to the topic that on-call subscribes to. */
export interface AlertPublisher {
  /** With the event of the change of state that the alert is about, whether or not the topic takes the alert. */
  publish(alert: Alert): Promise<void>;
}

export function createAlertPublisher(
  client: SNSClient,
  env: AlertsEnv,
  rules: Policy['alerts'],
  events: EventBus | undefined,
): AlertPublisher {
  const place = { ...rules, origin: originOf(env, rules) };
  async function publishToTopic(alert: Alert): Promise<void> {
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
  }

  return {
    async publish(alert) {
      const event = eventOf(alert);
      try {
        await publishToTopic(alert);
      } finally {
        if (event) await events?.send([event]);
      }
    },
  };
}
