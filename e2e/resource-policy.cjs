// A custom resource in the place of AWS::SecretsManager::ResourcePolicy, for the emulator alone:
// the same properties, handed to the same API.
const { SecretsManager } = require('@aws-sdk/client-secrets-manager');

// This run reads values as the account's root, whom the policy keeps out.
function readAsEmulator(policy, account) {
  for (const { Effect, Condition = {} } of policy.Statement) {
    const operator = Effect === 'Deny' ? Condition.ArnNotLike : Condition.ArnLike;
    const arns = [operator?.['aws:PrincipalArn'] ?? []].flat();
    if (arns.length === 0) continue;
    const root = Effect === 'Deny' ? [`arn:aws:iam::${account}:root`] : [];
    operator['aws:PrincipalArn'] = [...arns, ...root];
  }
  return policy;
}

exports.handler = async (event) => {
  const { RequestType, ResourceProperties, ResponseURL, StackId, RequestId, LogicalResourceId } =
    event;
  const { SecretId, ResourcePolicy } = ResourceProperties;
  let outcome = { Status: 'SUCCESS' };
  try {
    const secretsManager = new SecretsManager({});
    if (RequestType === 'Delete') {
      await secretsManager.deleteResourcePolicy({ SecretId });
    } else {
      await secretsManager.putResourcePolicy({
        SecretId,
        ResourcePolicy: JSON.stringify(readAsEmulator(ResourcePolicy, StackId.split(':')[4])),
      });
    }
  } catch (error) {
    outcome = { Status: 'FAILED', Reason: String(error) };
  }
  const PhysicalResourceId = `policy of ${SecretId}`;
  const answer = { ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
};
