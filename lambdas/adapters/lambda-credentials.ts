import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in bundles for the SDK's chain of credential sources (see `lib/bundling.ts`): Lambda puts a
 * function's credentials into its environment and nowhere else, and a process lives no longer than they do.
 */
export const defaultProvider = fromEnv;
