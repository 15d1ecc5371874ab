import { Mistral } from '@mistralai/mistralai';
import { HTTPClient } from '@mistralai/mistralai/lib/http.js';
import { MistralError } from '@mistralai/mistralai/models/errors/mistralerror.js';
import * as z from 'zod';
import { createSignedHttpClient } from '../client/signed-http-client.js';
import { ACCOUNT, REGION, ROOT } from './emulator.js';
import { CODESTRAL_PRICES, TIMES_THE_LIST } from './policies.js';
import { claim } from './report.js';
import { monitorSpend, receiveAlerts, type Scene } from './scene.js';

const DEVELOPER = `arn:aws:sts::${ACCOUNT}:assumed-role/developer/alice`;
export const ML_ENGINEER = `arn:aws:sts::${ACCOUNT}:assumed-role/ml-engineer/bob`;
const MESSAGES = [{ role: 'user' as const, content: 'Say hello.' }];
/** Of codestral-latest, whose answer then costs more than half of the developers' tiny budget. */
const LONG_ANSWER = { model: 'codestral-latest', maxTokens: 2000, messages: MESSAGES };

const RejectionSchema = z.object({ code: z.string() });

/**
 * Calls that pass, a stream, and calls that are rejected, all through the deployed function.
 * Returns the tokens that Mistral counted for developers.
 */
export async function callGateway(scene: Scene): Promise<Tokens> {
  const developer = sdkThroughFunction(scene, DEVELOPER);
  const engineer = sdkThroughFunction(scene, ML_ENGINEER);

  const models = JSON.stringify((await developer.models.list()).data);
  claim(models.includes('codestral-2508'), 'the models of developers', models);
  claim(!models.includes('mistral-large-2512'), 'no model that developers may not use', models);

  const { usage } = await developer.chat.complete(LONG_ANSWER);
  claim(usage.completionTokens === 1500, 'an answer of 1500 tokens', usage);
  let chunks = 0;
  const stream = await engineer.chat.stream({
    ...{ model: 'mistral-large-latest', maxTokens: 100, messages: MESSAGES },
  });
  for await (const { data: chunk } of stream) if (chunk.choices.length > 0) chunks += 1;
  claim(chunks > 2, 'an answer that streams', chunks);

  const large = { ...LONG_ANSWER, model: 'mistral-large-latest' };
  await claimRejected('model_not_allowed', 403, () => developer.chat.complete(large));
  await claimRejected('budget_exhausted', 402, () => developer.chat.complete(LONG_ANSWER));
  scene.report.count('stepsDriven', 'gateway call', 5);
  await claimUrlRejects(scene);
  return usage;
}

interface Tokens {
  readonly promptTokens?: number;
  readonly completionTokens?: number;
}

/** What was rejected for its budget passes once that is raised. */
export async function callWithRaisedBudget(scene: Scene): Promise<void> {
  const { usage } = await sdkThroughFunction(scene, DEVELOPER).chat.complete(LONG_ANSWER);
  claim(usage.completionTokens === 1500, 'an answer of 1500 tokens', usage);
  scene.report.count('stepsDriven', 'gateway call');
}

const RunsOutSchema = z.object({ kind: z.literal('runs-out') });

/**
 * The spend monitor, over the items that the gateway wrote: what it metered costs the policy's prices,
 * while Mistral bills its list's. Returns what was spent.
 */
export async function watchSpend(
  scene: Scene,
  { promptTokens = 0, completionTokens = 0 }: Tokens,
): Promise<number> {
  const { inputPerMillionTokens, outputPerMillionTokens } = CODESTRAL_PRICES;
  const nanos =
    1000 * (promptTokens * inputPerMillionTokens + completionTokens * outputPerMillionTokens);
  const spend = await monitorSpend(scene);
  const day = spend.find(
    ({ workspace, window }) => workspace === 'dev-workspace' && window === 'day',
  );
  claim(nanos > 0 && day?.meteredNanos === nanos, `${nanos} nano-dollars metered`, day);
  claim(day.billedNanos === nanos / TIMES_THE_LIST, 'what Mistral bills at its own prices', day);
  claim(day.spentNanos === nanos, 'the larger of both as spent', day);
  const first = await typesReceived(scene);
  // A request was refused for lack of room, which says more than the share that is spent.
  claim(first.includes('budget-exhausted'), 'budget-exhausted in the queue', first);

  // One check sends one alert of a budget. Once enough of a day has passed, the next may forecast its end.
  const next = await monitorSpend(scene);
  const runningOut = next.filter(({ forecast }) => RunsOutSchema.safeParse(forecast).success);
  const second = await typesReceived(scene);
  const forecasts = second.filter((type) => type === 'spend-forecast');
  claim(
    second.length === forecasts.length && second.length === runningOut.length,
    'no other alert than a forecast of each budget that runs out',
    { second, runningOut },
  );
  await monitorSpend(scene);
  const third = await typesReceived(scene);
  claim(third.length === 0, 'no alert sent twice', third);
  return nanos;
}

async function typesReceived(scene: Scene): Promise<readonly string[]> {
  return (await receiveAlerts(scene)).map(({ type }) => type);
}

async function claimRejected(code: string, status: number, call: () => Promise<unknown>) {
  const error = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined && !(error instanceof MistralError)) throw error;
  const given = error && RejectionSchema.parse(JSON.parse(error.body)).code;
  claim(given === code && error?.statusCode === status, `${status} ${code}`, given);
}

const SEPARATOR = '\0'.repeat(8);
const HeadSchema = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()),
});

/**
 * The official SDK, which calls the deployed function with the event that a function URL makes of a
 * request. The emulator's URLs pass no identity to a function, and ours knows callers by that alone.
 */
function sdkThroughFunction(scene: Scene, callerArn: string): Mistral {
  const httpClient = new HTTPClient({
    fetcher: async (input, init) => {
      return answerThroughFunction(scene, new Request(input, init), callerArn);
    },
  });
  return new Mistral({
    serverURL: 'https://gateway.invalid',
    httpClient,
    retryConfig: { strategy: 'none' },
  });
}

/** What the deployed function answers to a request of a caller. */
export async function answerThroughFunction(
  { cloud, functions }: Pick<Scene, 'cloud' | 'functions'>,
  request: Request,
  callerArn: string,
): Promise<Response> {
  const event = await eventOf(request, callerArn);
  return answerOf(z.string().parse(await cloud.invoke(functions.gateway, event)));
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

/** The function URL itself, without and with a signature. */
async function claimUrlRejects({ emulator, outputs }: Scene): Promise<void> {
  const id = new URL(outputs.GatewayUrl).hostname.split('.')[0];
  const path = `/_aws/lambda-url/${id}/v1/models`;
  const unsigned = await emulator.fetch(path);
  await unsigned.arrayBuffer();
  claim(unsigned.status === 403, 'a function URL that rejects unsigned requests', unsigned.status);

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
  const { code } = RejectionSchema.parse(await signed.json());
  claim(
    signed.status === 403 && code === 'unknown_caller',
    'no answer to a caller without identity',
    code,
  );
}
