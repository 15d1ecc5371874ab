// A custom resource in the place of AWS::SecretsManager::ResourcePolicy, for the emulator alone:
// the same properties, handed to the same API.
const { SecretsManager } = require('@aws-sdk/client-secrets-manager');

exports.handler = async (event) => {
  const { RequestType, ResourceProperties, ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const { SecretId, ResourcePolicy } = ResourceProperties;
  let outcome = { Status: 'SUCCESS' };
  try {
    if (RequestType !== 'Delete') {
      await new SecretsManager({}).putResourcePolicy({
        SecretId,
        ResourcePolicy: JSON.stringify(ResourcePolicy),
      });
    }
  } catch (error) {
    outcome = { Status: 'FAILED', Reason: String(error) };
  }
  const PhysicalResourceId = `policy of ${SecretId}`;
  const answer = { ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
};
