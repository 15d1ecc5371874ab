import { AWS_CLIENT, type AwsClientConfig } from '../governance/platform/aws-client.js';

/** So long that only what never answers is given up: a busy machine is not a fault. */
export const PATIENCE_MS = 120_000;

/** As deployed, but patient. */
export const PATIENT_CLIENT = {
  ...AWS_CLIENT,
  requestHandler: { requestTimeout: PATIENCE_MS, throwOnRequestTimeout: true },
} as const satisfies AwsClientConfig;

/** Where a local stand-in for AWS is, for any client of the SDK. */
export function localAws(endpoint: string) {
  return {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}
