import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { GovernanceStack } from '../../lib/governance-stack.js';
import { aPolicy } from '../support/builders.js';
import { testApp } from '../support/synth.js';

test('cdk-nag finds nothing that is not acknowledged with a reason', () => {
  const app = testApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new GovernanceStack(app, 'MistralGovernance', { policy: aPolicy() });
  expect(() => app.synth()).not.toThrow();
});
