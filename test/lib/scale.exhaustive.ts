import { expect, test } from 'vitest';
import { aPolicy, useTwoHundredWorkspaces } from '../support/builders.js';
import { synthesize } from '../support/synth.js';

// Sources: the quotas pages of CloudFormation, IAM, KMS and Secrets Manager.
const MOST_RESOURCES = 500;
const MOST_TEMPLATE_BYTES = 1_000_000;
const MOST_ROLE_POLICY_CHARACTERS = 10_240;
const MOST_KEY_POLICY_BYTES = 32_768;
const MOST_SECRET_POLICY_CHARACTERS = 20_480;

test('two hundred workspaces of three keys stay within every limit of CloudFormation and IAM', () => {
  const policy = aPolicy((document) =>
    useTwoHundredWorkspaces(document, (i) =>
      ['a', 'b', 'c'].map((name) => ({
        name: `${name}-service-key-${i}`,
        readers: Array.from(
          { length: 50 },
          (_, r) => `arn:aws:iam::${200_000_000_000 + i}:role/services/reader-${r}`,
        ),
      })),
    ),
  );
  const { template, workspace } = synthesize(policy);

  expect(Object.keys(template.toJSON().Resources).length).toBeLessThan(MOST_RESOURCES);
  for (const one of [template, workspace('workspace-199')]) {
    expect(JSON.stringify(one.toJSON()).length).toBeLessThan(MOST_TEMPLATE_BYTES);
  }
  for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy'))) {
    expect(JSON.stringify(Properties.PolicyDocument).length).toBeLessThan(
      MOST_ROLE_POLICY_CHARACTERS,
    );
  }
  const [key] = Object.values(template.findResources('AWS::KMS::Key'));
  expect(JSON.stringify(key?.Properties.KeyPolicy).length).toBeLessThan(MOST_KEY_POLICY_BYTES);
  const [secret] = Object.values(
    workspace('workspace-199').findResources('AWS::SecretsManager::ResourcePolicy'),
  );
  expect(JSON.stringify(secret?.Properties.ResourcePolicy).length).toBeLessThan(
    MOST_SECRET_POLICY_CHARACTERS,
  );
});
