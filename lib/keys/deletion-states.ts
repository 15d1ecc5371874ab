import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { DeletionVerdict } from '../../governance/keys/operator/deletion.js';
import type { DeletionFunctions } from './deletion-functions.js';
import { retirementSteps } from './retirement-steps.js';

const verdictIs = (kind: DeletionVerdict['kind']) =>
  sfn.Condition.stringEquals('$.verdict.kind', kind);

/** The retirement of a replaced or removed key that a person must delete: nothing here revokes or rolls back. */
export function deletionStates(
  scope: Construct,
  functions: Pick<DeletionFunctions, 'verify' | 'tell'>,
): sfn.Chain {
  const { wait, tellFailed, task, tell, loop } = retirementSteps(
    scope,
    functions.tell,
    'deletion-check-failed',
  );
  const deleted = tell('Tell that the old key is deleted', 'deleted').next(
    new sfn.Succeed(scope, 'Retired'),
  );
  const notCheckable = tell('Tell that the deletion cannot be checked', 'not-checkable').next(
    new sfn.Succeed(scope, 'Deletion not checked'),
  );
  const keep = tell('Tell that the old key is in charge again', 'old-key-in-charge').next(
    new sfn.Succeed(scope, 'Old key kept'),
  );

  return wait
    .next(task('Verify', functions.verify, '$.verdict'))
    .next(
      new sfn.Choice(scope, 'What is the verdict?')
        .when(verdictIs('deleted'), deleted)
        .when(verdictIs('deletion-needed'), loop('Ask for the deletion', 'deletion-needed'))
        .when(
          verdictIs('in-charge-refused'),
          loop('Tell that the key in charge is refused', 'in-charge-refused'),
        )
        .when(verdictIs('not-checkable'), notCheckable)
        .when(verdictIs('keep'), keep)
        .otherwise(tellFailed),
    );
}
