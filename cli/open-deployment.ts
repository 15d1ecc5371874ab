import type { CommonOptions } from './cli.js';
import type { Deployment } from './deployment.js';
import type { KnownKeys } from './known-keys.js';

/**
 * Loads the SDK only now: it takes longer than all else, and some commands never need it.
 *
 * @throws CommandFailure where the stack is not there
 */
export async function openDeployment(options: CommonOptions, keys: KnownKeys): Promise<Deployment> {
  const { connect } = await import('./deployment.js');
  return connect(options, keys);
}
