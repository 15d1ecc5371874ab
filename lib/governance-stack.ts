import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { MistralGovernance } from './mistral-governance.js';
import type { MistralGovernanceProps } from './mistral-governance-props.js';

export interface GovernanceStackProps extends StackProps, MistralGovernanceProps {}

/** The app's own stack, with the outputs that operators, the command line and other stacks rely on. */
export class GovernanceStack extends Stack {
  readonly governance: MistralGovernance;

  constructor(scope: Construct, id: string, props: GovernanceStackProps) {
    // Hundreds of workspaces come near 1 MB, and a quarter of that would be indentation.
    super(scope, id, { suppressTemplateIndentation: true, ...props });

    const { policy, ephemeral, adoptSecrets, environment } = props;
    // CDK leaves this id out of the logical ids of what is inside.
    this.governance = new MistralGovernance(this, 'Default', {
      policy,
      ephemeral,
      adoptSecrets,
      environment,
    });
    this.governance.addOutputs();
  }
}
