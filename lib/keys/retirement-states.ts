import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { DeletionVerdict } from '../../governance/keys/operator/deletion.js';
import type { RetirementVerdict } from '../../governance/keys/retirement.js';
import type { RollBack } from '../../lambdas/roll-back-key/handler.js';
import type { OperatorRetirementFunctions, RetirementFunctions } from './retirement-functions.js';
import { retirementSteps } from './retirement-steps.js';

const rollBackIs = (outcome: RollBack['outcome']) =>
  sfn.Condition.stringEquals('$.rollBack.outcome', outcome);

/** The retirement of one old key, from its first wait to one of four ends. */
export function retirementStates(scope: Construct, functions: RetirementFunctions): sfn.Chain {
  const steps = retirementSteps<RetirementVerdict['kind']>(scope, functions);
  const { verdictIs, verify, scheduleCheck, task, notify, notifyAndCheckAgain } = steps;

  const confirm = task('Confirm revocation', functions.confirm, '$.confirmation').next(
    notify('revoked', 'Retired'),
  );
  const revoke = task('Revoke key', functions.revoke, '$.revocation').next(confirm);
  const rollBack = task('Roll back', functions.rollBack, '$.rollBack').next(
    new sfn.Choice(scope, 'Has a later rotation overtaken?')
      .when(rollBackIs('overtaken'), verify)
      .otherwise(notify('rolled-back', 'Rolled back')),
  );

  return steps.checkUntil((verdict) =>
    verdict
      .when(verdictIs('revoke'), revoke)
      .when(verdictIs('already-revoked'), confirm)
      .when(verdictIs('wait'), scheduleCheck)
      .when(verdictIs('key-in-use'), notifyAndCheckAgain('key-in-use'))
      .when(verdictIs('approval-needed'), notifyAndCheckAgain('approval-needed'))
      .when(verdictIs('both-keys-rejected'), notifyAndCheckAgain('both-keys-rejected'))
      .when(verdictIs('roll-back'), rollBack)
      .when(verdictIs('kept'), notify('kept', 'Key kept')),
  );
}

/** The retirement of one key that an operator must delete: nothing here revokes or rolls back. */
export function operatorRetirementStates(
  scope: Construct,
  functions: OperatorRetirementFunctions,
): sfn.Chain {
  const steps = retirementSteps<DeletionVerdict['kind']>(scope, functions);
  const { verdictIs, notify, notifyAndCheckAgain } = steps;
  return steps.checkUntil((verdict) =>
    verdict
      .when(verdictIs('deleted'), notify('deleted', 'Retired'))
      .when(verdictIs('deletion-needed'), notifyAndCheckAgain('deletion-needed'))
      .when(verdictIs('current-key-rejected'), notifyAndCheckAgain('current-key-rejected'))
      .when(verdictIs('not-verified'), notify('not-verified', 'Deletion not verified'))
      .when(verdictIs('kept'), notify('kept', 'Key kept')),
  );
}
