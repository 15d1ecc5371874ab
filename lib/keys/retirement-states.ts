import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { RetirementVerdict } from '../../governance/keys/retirement.js';
import type { RollBack } from '../../lambdas/roll-back-key/handler.js';
import type { RetirementFunctions } from './retirement-functions.js';
import { retirementSteps } from './retirement-steps.js';

type Functions = Pick<RetirementFunctions, 'verify' | 'revoke' | 'confirm' | 'rollBack' | 'tell'>;

const verdictIs = (kind: RetirementVerdict['kind']) =>
  sfn.Condition.stringEquals('$.verdict.kind', kind);
const rollBackIs = (outcome: RollBack['outcome']) =>
  sfn.Condition.stringEquals('$.rollBack.outcome', outcome);

/** The retirement of one old key, from its first wait to one of four ends. */
export function retirementStates(scope: Construct, functions: Functions): sfn.Chain {
  const { wait, planNextCheck, tellFailed, task, tell, loop } = retirementSteps(
    scope,
    functions.tell,
    'failed',
  );
  const verify = task('Verify', functions.verify, '$.verdict');

  const confirm = task('Confirm the revocation', functions.confirm, '$.confirmation').next(
    tell('Tell that the old key is revoked', 'revoked').next(new sfn.Succeed(scope, 'Retired')),
  );
  const revoke = task('Revoke the old key', functions.revoke, '$.revocation').next(confirm);
  const rollBack = task('Roll back', functions.rollBack, '$.rollBack').next(
    new sfn.Choice(scope, 'Was it rolled back?')
      .when(rollBackIs('overtaken'), verify)
      .otherwise(
        tell('Tell that the rotation was rolled back', 'rolled-back').next(
          new sfn.Succeed(scope, 'Rolled back'),
        ),
      ),
  );
  const keep = tell('Tell that the old key is in charge again', 'kept').next(
    new sfn.Succeed(scope, 'Old key kept'),
  );

  return wait
    .next(verify)
    .next(
      new sfn.Choice(scope, 'What is the verdict?')
        .when(verdictIs('revoke'), revoke)
        .when(verdictIs('already-revoked'), confirm)
        .when(verdictIs('wait'), planNextCheck)
        .when(verdictIs('in-use'), loop('Tell that the old key is in use', 'in-use'))
        .when(verdictIs('hold'), loop('Ask for approval', 'approval-needed'))
        .when(verdictIs('both-refused'), loop('Tell that both keys are refused', 'both-refused'))
        .when(verdictIs('roll-back'), rollBack)
        .when(verdictIs('keep'), keep)
        .otherwise(tellFailed),
    );
}
