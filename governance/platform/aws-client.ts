/** For every AWS client: bounded time for one attempt, and the SDK's retries with jitter. */
export const AWS_CLIENT = {
  maxAttempts: 4,
  // Without the last one, a request that takes longer is only warned about.
  requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true },
} as const;
