import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { InvocationType, Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import type { ProvisionKeysEnv } from '../lambdas/provision-keys/env.js';
import { GovernanceFunction } from './governance-function.js';
import type { PolicyBundle } from './policy-bundle.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

export interface KeyProvisioningProps {
  readonly policy: PolicyBundle;
  /** Secrets Manager asks that whoever starts a rotation may invoke this. */
  readonly rotationFunction: IFunction;
}

/** Starts the first rotation of every secret without a key, at the end of each deploy that changed something. */
export class KeyProvisioning extends Construct {
  readonly access: SecretAccess;

  private readonly function: GovernanceFunction<ProvisionKeysEnv>;

  constructor(scope: Construct, id: string, props: KeyProvisioningProps) {
    super(scope, id);

    this.function = new GovernanceFunction<ProvisionKeysEnv>(this, 'Function', {
      folder: 'provision-keys',
      description: 'Starts the first rotation of new Mistral API keys',
      policy: props.policy,
      environment: {},
    });
    props.rotationFunction.grantInvoke(this.function);
    this.access = { role: this.function.executionRole, actions: SECRET_ACTIONS.startRotation };
  }

  /** Runs with every deploy that changed the policy or the code, once these are in place. */
  runAfter(...parts: Construct[]): void {
    new Trigger(this, 'Trigger', {
      handler: this.function,
      executeAfter: parts,
      timeout: Duration.minutes(5),
      invocationType: InvocationType.REQUEST_RESPONSE,
    });
  }
}
