import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endGroup } from '../../e2e/commands.js';
import { LATE, within } from '../../e2e/waiting.js';

const { env } = process;
const START_MS = 60_000;
const LISTENING = /Prism is listening on (\S+)/;

/** Checks what passes to `upstream`, which it says in a header of the answer: returns its address. */
export async function startPrism(
  folder: string,
  documentPath: string,
  upstream: string,
  onStart: (stop: () => unknown) => void,
): Promise<string> {
  const bin = join(folder, 'node_modules/@stoplight/prism-cli/dist/index.js');
  const port = await freePort();
  const args = [bin, 'proxy', documentPath, upstream, '--host', '127.0.0.1', '--port', `${port}`];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: env.PATH, HOME: folder, NO_COLOR: '1' },
  });
  onStart(() => endGroup(child));
  const said: string[] = [];
  const listening = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        const [, url] = LISTENING.exec(line) ?? [];
        if (url) resolve(url);
        else if (said.length < 100) said.push(line);
      });
    }
    child.once('exit', () => reject(new Error(`Prism has ended:\n${said.join('\n')}`)));
  });
  const url = await within(START_MS, listening);
  if (url === LATE) throw new Error(`Prism does not listen:\n${said.join('\n')}`);
  return url;
}

/** It takes 0 for a port of that number. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('server has no port');
  return address.port;
}
