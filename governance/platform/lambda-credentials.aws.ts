import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in bundles for the SDK's chain of credential sources (see `lib/platform/bundling.ts`): Lambda puts a
 * function's credentials into its environment, and ends the process before they expire. Only SnapStart,
 * which Node does not have, hands out others later.
 */
export const defaultProvider = fromEnv;
