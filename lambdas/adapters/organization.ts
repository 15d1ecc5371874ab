import type { MistralWorkspace } from '../domain/mistral.js';

/** What Mistral says about the organization as a whole. */
export interface Organization {
  workspaces(): AsyncIterable<MistralWorkspace>;
  /** Whether the monthly spend limit is reached, after which Mistral refuses good keys too. */
  spendLimitReached(): Promise<boolean>;
  requestsPerSecond(): Promise<number>;
}
