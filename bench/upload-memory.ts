import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atMost, type Benchmark, withoutAim } from './figure.js';
import { CALLER, CALLER_HEADER } from './gateway/bench-policy.js';
import { startChild } from './gateway/child.js';

const MB = 1_000_000;
const MIB = 1024 * 1024;
const SMALL = MB;
const LARGE = 100 * MB;
/** So many that the garbage of small uploads has met its first collections: a fresh process has met none. */
const WARM_UPS = 30;

/** What the plain server's memory grows by, at its peak, for a large transcription after small ones. */
export const benchUploadMemory: Benchmark = async (progress) => {
  progress('transcriptions of 1 MB, then one of 100 MB');
  const mistral = await transcribing();
  const { port } = mistral.address() as AddressInfo;
  const shell = await startChild('node-shell', `http://127.0.0.1:${port}`);
  const peak = () => shell.ask<number>('peak memory');
  try {
    for (let done = 0; done < WARM_UPS; done += 1) await transcribe(shell.url, SMALL);
    const before = await peak();
    const startedAt = performance.now();
    await transcribe(shell.url, LARGE);
    const seconds = (performance.now() - startedAt) / 1000;
    return [
      atMost(16, {
        name: 'upload/peak-memory',
        value: ((await peak()) - before) / MIB,
        unit: 'MiB more for 100 MB than for 1 MB',
      }),
      withoutAim({ name: 'upload/throughput', value: LARGE / MB / seconds, unit: 'MB/s' }),
    ];
  } finally {
    await shell.stop();
    mistral.close();
  }
};

async function transcribe(url: string, bytes: number): Promise<void> {
  const form = new FormData();
  form.append('model', 'voxtral-mini-latest');
  form.append('file', new Blob([Buffer.alloc(bytes, 'sound')]), 'a.mp3');
  const answer = await fetch(`${url}/v1/audio/transcriptions`, {
    method: 'POST',
    headers: { [CALLER_HEADER]: CALLER },
    body: form,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
}

/** Reads all of a form, and answers at its end. */
async function transcribing(): Promise<Server> {
  const usage = {
    prompt_audio_seconds: 9,
    prompt_tokens: 4,
    completion_tokens: 5,
    total_tokens: 9,
  };
  const body = JSON.stringify({ model: 'm', text: 'words', language: 'en', segments: [], usage });
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
