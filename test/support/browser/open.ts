import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { installBrowser } from './install.js';

export interface View {
  readonly width: number;
  readonly height?: number;
  /** @default light */
  readonly scheme?: 'light' | 'dark';
  /** @default screen */
  readonly media?: 'screen' | 'print';
}

type Fields = Readonly<Record<string, unknown>>;

export type Browser = Awaited<ReturnType<typeof openBrowser>>;

/** A headless Chromium, spoken to in its own protocol over two pipes. */
export async function openBrowser() {
  const { path, env } = installBrowser();
  const profile = mkdtempSync(join(tmpdir(), 'browser-'));
  const child = spawn(
    path,
    [
      '--headless=shell',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
    ],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { HOME: profile, ...env },
    },
  );
  const { send, events } = protocolOf(child);
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const call = (method: string, params: Fields = {}) => send(method, params, String(sessionId));
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);

  return {
    /** Shows a page, and returns what it asked the network for and what the browser complained of. */
    async show(page: string): Promise<{ requests: string[]; complaints: string[] }> {
      const file = join(profile, 'page.html');
      writeFileSync(file, page);
      events.length = 0;
      await call('Page.navigate', { url: pathToFileURL(file).href });
      await call('Runtime.evaluate', { expression: LOADED, awaitPromise: true });
      const of = (method: string) => events.filter((event) => event.method === method);
      return {
        requests: of('Network.requestWillBeSent').map(({ params }) => JSON.stringify(params)),
        complaints: [...of('Log.entryAdded'), ...of('Runtime.exceptionThrown')].map(({ params }) =>
          JSON.stringify(params),
        ),
      };
    },

    async view({ width, height = 900, scheme = 'light', media = 'screen' }: View): Promise<void> {
      // As a mobile device, it would widen its view to what does not fit.
      const size = { width, height, deviceScaleFactor: 1, mobile: false };
      await call('Emulation.setDeviceMetricsOverride', size);
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await call('Emulation.setEmulatedMedia', { media, features });
    },

    /** What an expression is on the page, as JSON has it. */
    async ask<Answer>(expression: string): Promise<Answer> {
      const answer = await call('Runtime.evaluate', { expression, returnByValue: true });
      if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
      return (answer.result as { readonly value: Answer }).value;
    },

    async picture(height: number): Promise<Buffer> {
      const { data } = await call('Page.captureScreenshot', {
        captureBeyondViewport: true,
        clip: { x: 0, y: 0, width: await this.ask<number>('innerWidth'), height, scale: 1 },
      });
      return Buffer.from(String(data), 'base64');
    },

    async pdf(): Promise<Buffer> {
      const { data } = await call('Page.printToPDF', {
        preferCSSPageSize: true,
        printBackground: true,
      });
      return Buffer.from(String(data), 'base64');
    },

    async close(): Promise<void> {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

const LOADED = `new Promise((resolve) => document.readyState === 'complete' ? resolve() : addEventListener('load', () => resolve()))`;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

/** Messages are JSON that ends in a zero byte. */
function protocolOf(child: ChildProcess) {
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, (message: Message) => void>();
  const events: Message[] = [];
  let unread = '';
  let count = 0;
  output.setEncoding('utf8').on('data', (text: string) => {
    const messages = (unread + text).split('\0');
    unread = messages.pop() ?? '';
    for (const message of messages) {
      const parsed: Message = JSON.parse(message);
      if (parsed.id === undefined) events.push(parsed);
      else waiting.get(parsed.id)?.(parsed);
    }
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the browser ended with ${code}`)));
  });
  ended.catch(() => {});

  async function send(method: string, params: Fields, sessionId?: string): Promise<Fields> {
    count += 1;
    const id = count;
    const answered = new Promise<Message>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await Promise.race([answered, ended]);
    waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }
  return { send, events };
}
