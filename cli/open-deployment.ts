import type { Cli, CommonOptions } from './cli.js';
import type { Deployment } from './deployment.js';

/**
 * Loads the SDK when a command needs it: that takes longer than everything else.
 *
 * @throws CommandFailure where the stack does not exist
 */
export function openDeployment(cli: Cli, options: CommonOptions): Promise<Deployment> {
  return cli.progress.during('looking up the stack', async () => {
    const { connect } = await import('./deployment.js');
    return connect(cli, options);
  });
}
