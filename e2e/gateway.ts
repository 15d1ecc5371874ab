import { Mistral } from '@mistralai/mistralai';
import { HTTPClient } from '@mistralai/mistralai/lib/http.js';
import * as z from 'zod';
import { createSignedHttpClient } from '../client/signed-http-client.js';
import type { Cloud } from './cloud.js';
import { type Emulator, REGION, ROOT } from './emulator.js';

const SEPARATOR = '\0'.repeat(8);
const HeadSchema = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()),
});

/**
 * The official SDK, which calls the deployed function with the event that a function URL makes of a
 * request. The emulator's URLs tell a function nothing of who signed, and ours knows callers by
 * that alone.
 */
export function sdkThroughFunction(
  { invoke }: Cloud,
  functionName: string,
  callerArn: string,
): Mistral {
  const httpClient = new HTTPClient({
    fetcher: async (input, init) => {
      const request = new Request(input, init);
      const event = await eventOf(request, callerArn);
      return answerOf(z.string().parse(await invoke(functionName, event)));
    },
  });
  return new Mistral({
    serverURL: 'https://gateway.invalid',
    httpClient,
    retryConfig: { strategy: 'none' },
  });
}

async function eventOf(request: Request, userArn: string) {
  const { pathname, search } = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer());
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers: { ...Object.fromEntries(request.headers), 'content-length': String(body.length) },
    requestContext: {
      http: { method: request.method, path: pathname, protocol: 'HTTP/1.1' },
      authorizer: { iam: { userArn } },
    },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}

function answerOf(framed: string): Response {
  const end = framed.indexOf(SEPARATOR);
  const { statusCode, headers } = HeadSchema.parse(JSON.parse(framed.slice(0, end)));
  return new Response(framed.slice(end + SEPARATOR.length), { status: statusCode, headers });
}

/** What the function URL itself answers in the emulator, without and with a signature. */
export async function statusesAtUrl(
  gatewayUrl: string,
  emulator: Emulator,
): Promise<{ readonly unsigned: number; readonly signed: number; readonly body: string }> {
  const id = new URL(gatewayUrl).hostname.split('.')[0];
  const path = `/_aws/lambda-url/${id}/v1/models`;
  const unsigned = await emulator.fetch(path);
  await unsigned.arrayBuffer();
  const client = createSignedHttpClient({
    region: REGION,
    credentials: ROOT,
    fetch: async (request) => {
      const { headers } = request as Request;
      const answer = await emulator.fetch(path, { headers: Object.fromEntries(headers) });
      return new Response(await answer.arrayBuffer(), { status: answer.status });
    },
  });
  const signed = await client.request(new Request(emulator.url + path));
  return { unsigned: unsigned.status, signed: signed.status, body: await signed.text() };
}
