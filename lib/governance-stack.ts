import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { MistralGovernance, type MistralGovernanceProps } from './mistral-governance.js';

export interface GovernanceStackProps extends StackProps, MistralGovernanceProps {}

/** The app's own stack, with the outputs that operators, the command line and other stacks rely on. */
export class GovernanceStack extends Stack {
  readonly governance: MistralGovernance;

  constructor(scope: Construct, id: string, props: GovernanceStackProps) {
    super(scope, id, props);

    const { policy, ephemeral } = props;
    // This name adds nothing to the logical ids of what is inside.
    const governance = new MistralGovernance(this, 'Default', { policy, ephemeral });
    this.governance = governance;

    const outputs: Record<string, string | undefined> = {
      AlertsTopicArn: governance.alertsTopic.topicArn,
      AuditFunctionName: governance.auditFunction.functionName,
      RotationFunctionName: governance.rotationFunction.functionName,
      RetirementStateMachineArn: governance.retirementStateMachine.stateMachineArn,
      SpendMonitorFunctionName: governance.spendMonitorFunction.functionName,
      QuotaTableName: governance.quotaTable.tableName,
      EvidenceBucketName: governance.evidenceBucket.bucketName,
      GatewayUrl: governance.gatewayUrl,
    };
    for (const [key, value] of Object.entries(outputs)) {
      if (value !== undefined) new CfnOutput(this, key, { value });
    }
  }
}
