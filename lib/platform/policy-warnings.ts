import { Annotations } from 'aws-cdk-lib';
import { CfnSubscription, type ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { place, sourceOf } from '../../governance/policy/load-policy.js';
import type { Policy } from '../../governance/policy/policy.js';
import { inOrderOfPlace, problemLine } from '../../governance/policy/policy-problem.js';
import { policyWarnings } from '../../governance/policy/policy-warnings.js';
import type { GatewayCallers } from '../gateway/gateway-callers.js';

export interface PolicyWarningsProps {
  readonly policy: Policy;
  readonly topic: ITopic;
  readonly callers: Pick<GatewayCallers, 'policyWithAdded'> | undefined;
}

/**
 * Shows at synth what is unexpected in the policy, as warnings of CDK: `mistral-governance:<id>`, which
 * `Annotations.of(...).acknowledgeWarning` takes. Code may have added subscriptions and callers by then.
 */
export function showPolicyWarnings(system: Construct, props: PolicyWarningsProps): void {
  const show = () => {
    const { policy, topic, callers } = props;
    const source = sourceOf(policy);
    const isSubscribed = system.node.root.node
      .findAll()
      .some((part) => part instanceof CfnSubscription && part.topicArn === topic.topicArn);
    const { open } = policyWarnings(callers?.policyWithAdded ?? policy, new Date());
    const shown = open.filter(
      ({ id, path: [list, index] }) =>
        !(id === 'no-subscription' && isSubscribed) &&
        !(list === 'callers' && Number(index) >= policy.callers.length),
    );
    for (const warning of inOrderOfPlace(shown.map((one) => place(one, source)))) {
      const text = problemLine(source?.name ?? 'policy', warning);
      Annotations.of(system).addWarningV2(`mistral-governance:${warning.id}`, text);
    }
    return [];
  };
  system.node.addValidation({ validate: show });
}
