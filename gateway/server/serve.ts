import type { AddressInfo } from 'node:net';
import type { OpenGateway } from '../wiring.js';
import { createHttpShell } from './http-shell.js';
import type { ServeOptions } from './serve-options.js';

export interface RunningGateway {
  readonly url: string;
  /** Lets requests finish, settles what they used and returns the leases. Once. */
  stop(): Promise<void>;
}

// Containers are killed ten to thirty seconds after the signal to stop.
const GRACE_MS = 8000;

export async function serveGateway(
  { host, port, callerHeader }: Pick<ServeOptions, 'host' | 'port' | 'callerHeader'>,
  { gateway, close }: Pick<OpenGateway, 'gateway' | 'close'>,
): Promise<RunningGateway> {
  const shell = createHttpShell(gateway, { callerHeader });
  const { server } = shell;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  let stopped: Promise<void> | undefined;

  async function stop(): Promise<void> {
    await shell.drain(GRACE_MS);
    await close();
  }

  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}
