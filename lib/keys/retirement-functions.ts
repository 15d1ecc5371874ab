import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { NotifyOnCallEnv } from '../../lambdas/notify-on-call/wiring.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';
import type { AdminKeySecret } from './admin-key-secret.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

type RetirementTasksProps = Omit<SystemParts, 'adminKey'>;

/** What every retirement flow has: functions that check the key, and one that notifies on-call. */
abstract class RetirementTasks extends Construct {
  abstract readonly verify: IFunction;
  readonly notify: IFunction;

  /** Of all tasks, to managed secrets. */
  readonly access: SecretAccess[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RetirementTasksProps,
  ) {
    super(scope, id);
    this.notify = this.notifyOnCall();
  }

  protected task(id: string, folder: string, description: string, actions: readonly string[]) {
    const { policy, encryptionKey } = this.props;
    const task = new GovernanceFunction(this, id, { folder, description, policy });
    this.access.push({ role: task.executionRole, actions });
    const readsValues = actions.includes('secretsmanager:GetSecretValue');
    if (readsValues) encryptionKey.grantDecrypt(task);
    return task;
  }

  private notifyOnCall(): IFunction {
    const { policy, alertTopic, recordsTable } = this.props;
    const notify = new GovernanceFunction(this, 'Notify', {
      folder: 'notify-on-call',
      description: 'Notifies on-call of the events of a retirement, and records them',
      policy,
      environment: {
        ALERTS_TOPIC_ARN: alertTopic.topic.topicArn,
        RECORDS_TABLE_NAME: recordsTable.tableName,
      } satisfies NotifyOnCallEnv,
    });
    alertTopic.grantPublish(notify);
    recordsTable.grantJournal(notify);
    return notify;
  }
}

const { inspect, read, moveLabels } = SECRET_ACTIONS;

/** The tasks of the retirement flow. */
export class RetirementFunctions extends RetirementTasks {
  readonly verify = this.task('Verify', 'verify-retirement', 'Judges an old key', inspect);
  readonly revoke = this.task('Revoke', 'revoke-key', 'Deletes an old key at Mistral', inspect);
  readonly confirm = this.task('Confirm', 'confirm-revocation', 'Checks a deleted key', read);
  readonly rollBack = this.task('RollBack', 'roll-back-key', 'Promotes a previous key', moveLabels);

  constructor(
    scope: Construct,
    id: string,
    props: RetirementTasksProps & { readonly adminKey: AdminKeySecret },
  ) {
    super(scope, id, props);
    const tasks = [this.verify, this.revoke, this.confirm, this.rollBack];
    for (const task of tasks) props.adminKey.grantRead(task);
  }
}

/** The tasks of the retirement flow in operator mode: none can delete a key. */
export class OperatorRetirementFunctions extends RetirementTasks {
  readonly verify = this.task(
    'Verify',
    'verify-deletion',
    'Checks whether an old key still works',
    inspect,
  );
}
