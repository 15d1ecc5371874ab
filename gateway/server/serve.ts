import type { AddressInfo } from 'node:net';
import type { OpenGateway } from '../wiring.js';
import { createHttpShell } from './http-shell.js';
import { createReadiness } from './readiness.js';
import type { ServeOptions } from './serve-options.js';

export interface RunningGateway {
  readonly url: string;
  /** Models and keys were read. */
  readonly ready: Promise<void>;
  /** Lets requests finish, settles what they used and returns the leases. Once. */
  stop(): Promise<void>;
}

// Containers are killed ten to thirty seconds after the signal to stop.
const GRACE_MS = 8000;

export async function serveGateway(
  { host, port, callerHeader }: Pick<ServeOptions, 'host' | 'port' | 'callerHeader'>,
  { gateway, missing, close }: Pick<OpenGateway, 'gateway' | 'missing' | 'close'>,
): Promise<RunningGateway> {
  const { becomeReady, current: readiness } = createReadiness({ missing });
  const shell = createHttpShell(gateway, { callerHeader, readiness });
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
    ready: becomeReady(),
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}
