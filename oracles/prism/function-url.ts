import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import * as z from 'zod';
import { CALLER_HEADER } from '../../e2e/plain-server.js';
import type { StartShell } from '../../e2e/sdks/server.js';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import type { StreamingHandler } from '../../lambdas/gateway/handler.js';
import { wireGateway } from '../../lambdas/gateway/wiring.js';
import { LOCAL_ALERTS, localAws, PATIENT_CLIENT } from '../../testing/aws.js';
import { listenHere } from '../../testing/fakes/http-server.js';

const EnvSchema = z.object({ AWS_ENDPOINT_URL: z.string(), QUOTA_TABLE_NAME: z.string() });

interface Head {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
}

/** Where the answer of an invocation goes once its head is known. */
const answers = new WeakMap<Writable, ServerResponse>();

/** The gateway's function behind its URL: the events that Lambda makes of requests, and its streamed answers. */
export const startFunctionUrl: StartShell = async (policyPath, env, onStart) => {
  const { AWS_ENDPOINT_URL, QUOTA_TABLE_NAME } = EnvSchema.parse(env);
  Object.assign(globalThis, {
    awslambda: {
      streamifyResponse: (handler: StreamingHandler) => handler,
      HttpResponseStream: {
        from(stream: Writable, { statusCode, headers }: Head): Writable {
          answers.get(stream)?.writeHead(statusCode, headers);
          return stream;
        },
      },
    },
  });
  const handler = wireGateway({
    env: { ...LOCAL_ALERTS, QUOTA_TABLE_NAME },
    policy: loadPolicy(policyPath),
    aws: { ...PATIENT_CLIENT, ...localAws(AWS_ENDPOINT_URL) },
    log: { info() {}, warn() {}, error() {} },
    metrics: { write() {} },
    now: () => new Date(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  }) as StreamingHandler;
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const stream = new PassThrough();
    answers.set(stream, response);
    stream.pipe(response);
    await handler(await eventOf(request), stream);
  });
  onStart(() => {
    server.closeAllConnections();
    server.close();
  });
  return listenHere(server);
};

/** As Lambda makes it, with IAM's word for the caller. */
async function eventOf(request: IncomingMessage) {
  const { method = '', url = '/', headers } = request;
  const { [CALLER_HEADER]: userArn, ...given } = headers;
  const [rawPath = '', rawQueryString = ''] = url.split('?');
  const body = await buffer(request);
  return {
    ...{ version: '2.0', routeKey: '$default', rawPath, rawQueryString },
    headers: { ...given, 'content-length': String(body.length) },
    requestContext: {
      http: { method, path: rawPath, protocol: 'HTTP/1.1' },
      authorizer: { iam: { userArn } },
    },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}
