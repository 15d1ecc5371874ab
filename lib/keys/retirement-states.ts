import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { DeletionVerdict } from '../../governance/keys/operator/deletion.js';
import type { RetirementVerdict } from '../../governance/keys/retirement.js';
import type { RollBack } from '../../lambdas/roll-back-key/handler.js';
import type { OperatorRetirementFunctions, RetirementFunctions } from './retirement-functions.js';
import { RetirementSteps } from './retirement-steps.js';

const rollBackIs = (outcome: RollBack['outcome']) =>
  sfn.Condition.stringEquals('$.rollBack.outcome', outcome);

/** The retirement of one old key, from its first wait to one of four ends. */
export function retirementStates(scope: Construct, functions: RetirementFunctions): sfn.Chain {
  const steps = new RetirementSteps<RetirementVerdict['kind']>(scope, functions);

  const confirm = steps
    .task('Confirm revocation', functions.confirm, '$.confirmation')
    .next(steps.notify('revoked', 'Retired'));
  const rollBack = steps
    .task('Roll back', functions.rollBack, '$.rollBack')
    .next(
      new sfn.Choice(scope, 'Overtaken by a later rotation?')
        .when(rollBackIs('overtaken'), steps.verify)
        .otherwise(steps.notify('rolled-back', 'Rolled back')),
    );

  return steps.checkUntil({
    revoke: steps.task('Revoke key', functions.revoke, '$.revocation').next(confirm),
    'already-revoked': confirm,
    wait: steps.scheduleCheck,
    'key-in-use': steps.notifyAndCheckAgain('key-in-use'),
    'approval-needed': steps.notifyAndCheckAgain('approval-needed'),
    'both-keys-rejected': steps.notifyAndCheckAgain('both-keys-rejected'),
    'roll-back': rollBack,
    kept: steps.notify('kept', 'Key kept'),
  });
}

/** The retirement of one key that an operator must delete: nothing here revokes or rolls back. */
export function operatorRetirementStates(
  scope: Construct,
  functions: OperatorRetirementFunctions,
): sfn.Chain {
  const steps = new RetirementSteps<DeletionVerdict['kind']>(scope, functions);
  return steps.checkUntil({
    deleted: steps.notify('deleted', 'Retired'),
    'deletion-needed': steps.notifyAndCheckAgain('deletion-needed'),
    'current-key-rejected': steps.notifyAndCheckAgain('current-key-rejected'),
    'not-verified': steps.notify('not-verified', 'Deletion not verified'),
    kept: steps.notify('kept', 'Key kept'),
  });
}
