/** What every AWS client is made with. */
export interface AwsClientConfig {
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout?: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout?: boolean;
  };
  /** @default AWS's own */
  readonly endpoint?: string;
  /** @default from the environment */
  readonly region?: string;
  /** @default from the environment */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
}

/** For every AWS client: bounded time for one attempt, and the SDK's retries with jitter. */
export const AWS_CLIENT = {
  maxAttempts: 4,
  // Without the last one, a request that takes longer is only warned about.
  requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true },
} as const satisfies AwsClientConfig;
