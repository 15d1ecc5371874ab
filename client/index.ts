export {
  type ExhaustedQuota,
  GovernanceConfigurationError,
  type GovernanceError,
  GovernanceRefusedError,
  GovernanceUnavailableError,
  isGovernanceError,
  type UnavailableCode,
} from './errors.js';
export {
  createGovernedMistral,
  type GovernedMistral,
  type GovernedMistralOptions,
} from './governed-mistral.js';
export type { Identity } from './identity.js';
export type { PolicySource } from './policy-source.js';
export {
  type AwsCredentials,
  type CredentialsProvider,
  createSignedHttpClient,
  type SignedHttpClientOptions,
} from './signed-http-client.js';
