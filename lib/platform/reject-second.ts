import { Stack, Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Two would have the same names, which CloudFormation would report halfway through a deploy. */
export function rejectSecond<Kind extends Construct>(
  governance: Kind,
  kind: abstract new (...args: never[]) => Kind,
): void {
  const { environment, stackName } = Stack.of(governance);
  const isCertain = !environment.includes('unknown-');
  for (const other of governance.node.root.node.findAll()) {
    if (!(other instanceof kind) || other === governance) continue;
    if (Stack.of(other).environment !== environment) continue;
    // Stages without environments may be deployed to different ones.
    if (!isCertain && Stage.of(other) !== Stage.of(governance)) continue;
    throw new Error(
      `stack ${stackName} cannot have a MistralGovernance in ${environment}: only one per account and region, since secrets and alarms have fixed names; already defined in ${Stack.of(other).stackName}`,
    );
  }
}
