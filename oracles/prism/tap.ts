import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import { listenHere } from '../../testing/fakes/http-server.js';

/** In which Prism says what is wrong with a request or its answer. */
const VIOLATIONS = 'sl-violations';
/** Where there are many it cuts them, in the middle of one. */
const VIOLATION =
  /\{"location":(\[[^\]]*\]),"severity":"\w+",(?:"code":[^,]*,)?"message":("(?:[^"\\]|\\.)*")\}/g;
const WordsSchema = z.tuple([z.array(z.string()), z.string()]);

/** One exchange that passed Prism. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly violations: readonly string[];
  /** Of a stream, each event's fields, its data parsed. */
  readonly events: readonly Record<string, unknown>[];
}

/** Passes on to Prism, and takes from its answers what Prism adds. */
export async function openTap(prism: string, onStart: (stop: () => unknown) => void) {
  const exchanges: Exchange[] = [];
  // A client that sends as an idle connection is closed would see it break: none is.
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, outgoing) => {
    const { method = '', url = '/', headers } = incoming;
    const options = { method, headers, agent: false };
    const passed = request(`${prism}${url}`, options, (answer) => {
      void passBack(answer, outgoing).then((noted) => {
        exchanges.push({ method, path: url.split('?')[0] ?? '', ...noted });
      });
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  const url = await listenHere(server);
  onStart(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, exchanges };
}

async function passBack(answer: IncomingMessage, outgoing: ServerResponse) {
  const { [VIOLATIONS]: said, connection: _, 'keep-alive': _hint, ...headers } = answer.headers;
  const status = answer.statusCode ?? 0;
  const body = await text(answer);
  outgoing.writeHead(status, headers);
  outgoing.end(body);
  const isStream = headers['content-type']?.startsWith('text/event-stream');
  return {
    status,
    violations: violationsIn(String(said ?? '')),
    events: isStream ? eventsOf(body) : [],
  };
}

function violationsIn(header: string): readonly string[] {
  return [...header.matchAll(VIOLATION)].map(([, place = '', words = '']) => {
    const [location, message] = WordsSchema.parse([JSON.parse(place), JSON.parse(words)]);
    return `${location.join('.')}: ${message}`;
  });
}

function eventsOf(body: string): readonly Record<string, unknown>[] {
  return body.split('\n\n').flatMap((block) => {
    const fields = block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
    const event = Object.fromEntries(fields.filter(([name]) => name !== ''));
    if (event.data === undefined || event.data === '[DONE]') return [];
    return [{ ...event, data: parseJson(event.data) }];
  });
}
