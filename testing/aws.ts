import type { AlertsEnv } from '../governance/alerts/alert-origin.js';
import { AWS_CLIENT, type AwsClientConfig } from '../governance/platform/aws-client.js';

/** Long enough for a busy machine: only a call without any answer times out. */
export const PATIENCE_MS = 120_000;

/** As deployed, with longer timeouts. */
export const PATIENT_CLIENT = {
  ...AWS_CLIENT,
  requestHandler: { requestTimeout: PATIENCE_MS, throwOnRequestTimeout: true },
} as const satisfies AwsClientConfig;

/** Where alerts of local runs come from. */
export const LOCAL_ALERTS = {
  ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts',
  STACK_NAME: 'MistralGovernance',
} as const satisfies AlertsEnv;

const NO_PREFERENCE: string[] = [];

/** A local stand-in for AWS, for any client of the SDK: nothing comes from the machine's own settings. */
export function localAws(endpoint: string) {
  return {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    retryMode: 'standard',
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    userAgentAppId: 'local',
    authSchemePreference: NO_PREFERENCE,
  } as const;
}
