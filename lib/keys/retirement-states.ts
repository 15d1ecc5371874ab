import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { DeletionVerdict } from '../../governance/keys/operator/deletion.js';
import type { RetirementVerdict } from '../../governance/keys/retirement.js';
import type { SilentVerdict } from '../../governance/keys/retirement-reminder.js';
import type { Revocation } from '../../lambdas/revoke-key/handler.js';
import type { RollBack } from '../../lambdas/roll-back-key/handler.js';
import type { RetirementFunctions } from './retirement-functions.js';
import { RetirementSteps } from './retirement-steps.js';
import { SECRET_ACTIONS } from './secret-access.js';

const { inspect, read, verifyAndPromote } = SECRET_ACTIONS;

const NOT_DUE: Revocation['outcome'] = 'not due';

const rollBackIs = (outcome: RollBack['outcome']) =>
  sfn.Condition.stringEquals('$.rollBack.outcome', outcome);

/** The retirement of one old key, from its first wait to one of four ends. */
export function retirementStates(scope: Construct, functions: RetirementFunctions): sfn.Chain {
  const verify = functions.add('Verify', 'verify-retirement', 'Judges an old key', inspect);
  const revoke = functions.add('Revoke', 'revoke-key', 'Deletes an old key at Mistral', inspect);
  const check = functions.add('Confirm', 'confirm-revocation', 'Checks a deleted key', read);
  const promote = functions.add(
    'RollBack',
    'roll-back-key',
    'Promotes a previous key',
    verifyAndPromote,
  );
  const steps = new RetirementSteps<RetirementVerdict['kind']>(scope, verify, functions);

  const confirm = steps
    .task('Confirm revocation', check, '$.confirmation')
    .next(steps.notify('revoked', 'Retired'));
  const notDue = sfn.Condition.stringEquals('$.revocation.outcome', NOT_DUE);
  const revocation = steps
    .task('Revoke key', revoke, '$.revocation')
    .next(new sfn.Choice(scope, 'Still due?').when(notDue, steps.verify).otherwise(confirm));
  const rollBack = steps
    .task('Roll back', promote, '$.rollBack')
    .next(
      new sfn.Choice(scope, 'Overtaken by a later rotation?')
        .when(rollBackIs('overtaken'), steps.verify)
        .otherwise(steps.refreshBack(steps.notify('rolled-back', 'Rolled back'))),
    );

  return steps.checkUntil({
    revoke: revocation,
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
  functions: RetirementFunctions,
): sfn.Chain {
  const verify = functions.add(
    'Verify',
    'verify-deletion',
    'Checks whether an old key still works',
    inspect,
  );
  const steps = new RetirementSteps<(DeletionVerdict | SilentVerdict)['kind']>(
    scope,
    verify,
    functions,
  );
  return steps.checkUntil({
    deleted: steps.notify('deleted', 'Retired'),
    wait: steps.scheduleCheck,
    'deletion-needed': steps.notifyAndCheckAgain('deletion-needed'),
    'current-key-rejected': steps.notifyAndCheckAgain('current-key-rejected'),
    'not-verified': steps.notify('not-verified', 'Deletion not verified'),
    kept: steps.notify('kept', 'Key kept'),
  });
}
