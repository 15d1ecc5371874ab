import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { NotifyOnCallEnv } from '../../lambdas/notify-on-call/wiring.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';
import { refreshFunction } from './refresh-steps.js';
import type { SecretAccess } from './secret-access.js';

/** What a retirement flow runs: functions that check or change the key, and one that notifies on-call. */
export class RetirementFunctions extends Construct {
  readonly notify: GovernanceFunction;

  /** `undefined` where the policy names no services to refresh. */
  readonly refresh: IFunction | undefined;

  /** Of all its functions, to managed secrets. */
  readonly access: SecretAccess[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SystemParts,
  ) {
    super(scope, id);
    const { policy, alertTopic, recordsTable } = props;
    this.notify = new GovernanceFunction(this, 'Notify', {
      folder: 'notify-on-call',
      description: 'Notifies on-call of the events of a retirement, and records them',
      policy,
      environment: {
        ...alertTopic.variables,
        RECORDS_TABLE_NAME: recordsTable.tableName,
      } satisfies NotifyOnCallEnv,
    });
    alertTopic.grantPublish(this.notify);
    recordsTable.grantJournal(this.notify);
    this.refresh = refreshFunction(this, policy);
  }

  /** With the Admin API, the function may read its key. */
  add(id: string, folder: string, description: string, actions: readonly string[]): IFunction {
    const { policy, encryptionKey, adminKey } = this.props;
    const added = new GovernanceFunction(this, id, { folder, description, policy });
    this.access.push({ role: added.executionRole, actions });
    const readsValues = actions.includes('secretsmanager:GetSecretValue');
    if (readsValues) encryptionKey.grantDecrypt(added);
    adminKey?.grantRead(added);
    return added;
  }
}
