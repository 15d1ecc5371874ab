import { App } from 'aws-cdk-lib';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { stackNameOf } from '../governance/policy/stack-name.js';
import { GovernanceStack } from '../lib/governance-stack.js';
import { permissionsBoundary } from '../lib/platform/permissions-boundary.js';

const app = new App();
const policyPath: string = app.node.tryGetContext('policy') ?? 'governance.yaml';
const environment: string | undefined = app.node.tryGetContext('environment');
const boundary: string | undefined = app.node.tryGetContext('permissionsBoundary');

try {
  // The CDK CLI knows where it deploys, also where the app does not say.
  const policy = loadPolicy(policyPath, { region: process.env.CDK_DEFAULT_REGION });
  new GovernanceStack(app, stackNameOf(environment), {
    policy,
    environment,
    description: 'mistral-governance: manages Mistral AI API keys and budgets',
    ephemeral: environment === 'dev',
    adoptSecrets: String(app.node.tryGetContext('adoptSecrets')) === 'true',
    permissionsBoundary: boundary === undefined ? undefined : permissionsBoundary(boundary),
  });
} catch (error) {
  // An invalid policy gives its author a message, not a stack trace.
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
