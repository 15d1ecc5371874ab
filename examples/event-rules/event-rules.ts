import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** What every rule selects. */
const source = ['mistral-governance'];

/** A queue that pods of an EKS cluster read: each message names a secret whose value changed. */
export class SecretsOfCluster extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const queue = new sqs.Queue(this, 'Queue', {
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new events.Rule(this, 'Rule', {
      description: 'Mistral keys of the search namespace have changed',
      eventPattern: {
        source,
        detailType: ['Key Provisioned', 'Key Rotated', 'Key Rolled Back'],
        detail: { secretName: events.Match.prefix('mistral/search/') },
      },
      targets: [
        new targets.SqsQueue(queue, {
          message: events.RuleTargetInput.fromObject({
            id: events.EventField.fromPath('$.detail.id'),
            secretName: events.EventField.fromPath('$.detail.secretName'),
          }),
        }),
      ],
    });
  }
}

export interface TicketsProps {
  /** A connection of EventBridge that holds the credentials of the ticket system. */
  readonly connection: events.IConnection;
  readonly endpoint: string;
}

/** A ticket for each severe finding, and its end when the finding is gone. */
export class Tickets extends Stack {
  constructor(scope: Construct, id: string, { connection, endpoint }: TicketsProps) {
    super(scope, id);
    const destination = new events.ApiDestination(this, 'System', {
      connection,
      endpoint,
      rateLimitPerSecond: 5,
    });
    new events.Rule(this, 'Rule', {
      description: 'Findings of the audit of Mistral keys',
      eventPattern: {
        source,
        detailType: ['Finding Opened', 'Finding Raised', 'Finding Resolved'],
        detail: {
          $or: [{ severity: ['warning', 'critical'] }, { type: ['finding-resolved'] }],
        },
      },
      targets: [
        new targets.ApiDestination(destination, {
          event: events.RuleTargetInput.fromObject({
            // The same for all events of one finding: the system updates what it has under it.
            externalId: events.EventField.fromPath('$.detail.finding.id'),
            event: events.EventField.fromPath('$.detail.type'),
            priority: events.EventField.fromPath('$.detail.severity'),
            title: events.EventField.fromPath('$.detail.summary'),
            todo: events.EventField.fromPath('$.detail.finding.nextStep'),
          }),
        }),
      ],
    });
  }
}

export interface SlackProps {
  /** A connection without credentials of its own: the address of a Slack workflow is the secret. */
  readonly connection: events.IConnection;
  /** `https://hooks.slack.com/triggers/…`, of a workflow with the variables `what`, `who` and `severity`. */
  readonly workflow: string;
}

/** Starts a Slack workflow when a budget is nearly spent. */
export class BudgetsInSlack extends Stack {
  constructor(scope: Construct, id: string, { connection, workflow }: SlackProps) {
    super(scope, id);
    const destination = new events.ApiDestination(this, 'Workflow', {
      connection,
      endpoint: workflow,
      rateLimitPerSecond: 1,
    });
    new events.Rule(this, 'Rule', {
      description: 'Budgets of Mistral workspaces that are nearly spent',
      eventPattern: {
        source,
        detailType: ['Budget Threshold', 'Budget Exhausted'],
        detail: {
          $or: [
            { thresholdPercent: events.Match.greaterThanOrEqual(80) },
            { type: ['budget-exhausted'] },
          ],
        },
      },
      targets: [
        new targets.ApiDestination(destination, {
          event: events.RuleTargetInput.fromObject({
            what: events.EventField.fromPath('$.detail.summary'),
            who: events.EventField.fromPath('$.detail.workspace'),
            severity: events.EventField.fromPath('$.detail.severity'),
          }),
        }),
      ],
    });
  }
}
