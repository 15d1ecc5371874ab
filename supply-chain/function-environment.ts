/** All environment variables of the functions; a function that needs another fails with its name. */
export const FUNCTION_ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: 'eu-west-1',
  // What is looked at is this machine's Node, not that of deployed functions.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  OBJECTS_TABLE_NAME: 'objects',
  ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts',
  AWS_LAMBDA_FUNCTION_NAME: 'function',
  EVIDENCE_BUCKET_NAME: 'evidence',
  QUOTA_TABLE_NAME: 'quotas',
  RECORDS_TABLE_NAME: 'records',
  POLICY_SHA256: '0'.repeat(64),
  PRODUCT_VERSION: '0.1.0',
  RETIREMENT_STATE_MACHINE_ARN: 'arn:aws:states:eu-west-1:111122223333:stateMachine:retirement',
};
