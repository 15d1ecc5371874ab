import { MistralError } from '@mistralai/mistralai/models/errors/mistralerror.js';
import * as z from 'zod';
import { ACCOUNT, type Emulator } from './emulator.js';
import { sdkThroughFunction, statusesAtUrl } from './gateway.js';
import { claim } from './report.js';
import { hear, monitorSpend, type Scene } from './scene.js';

const DEVELOPER = `arn:aws:sts::${ACCOUNT}:assumed-role/developer/alice`;
const ML_ENGINEER = `arn:aws:sts::${ACCOUNT}:assumed-role/ml-engineer/bob`;
const MESSAGES = [{ role: 'user' as const, content: 'Say hello.' }];
/** Of codestral-latest, whose answer then costs more than half of the developers' tiny budget. */
const LONG_ANSWER = { model: 'codestral-latest', maxTokens: 2000, messages: MESSAGES };

const RefusalSchema = z.object({ code: z.string() });

/** Calls that pass, a stream, and calls that are refused, all through the deployed function. */
export async function callGateway(scene: Scene, emulator: Emulator): Promise<void> {
  const { cloud, functions, outputs, report } = scene;
  const developer = sdkThroughFunction(cloud, functions.gateway, DEVELOPER);
  const engineer = sdkThroughFunction(cloud, functions.gateway, ML_ENGINEER);

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
  await refused('model_not_allowed', 403, () => developer.chat.complete(large));
  await refused('budget_exhausted', 429, () => developer.chat.complete(LONG_ANSWER));
  report.count('steps driven', 'gateway call', 5);

  const { unsigned, signed, body } = await statusesAtUrl(outputs.GatewayUrl, emulator);
  claim(unsigned === 403, 'a function URL that refuses who does not sign', unsigned);
  const { code } = RefusalSchema.parse(JSON.parse(body));
  claim(
    signed === 403 && code === 'unknown_caller',
    'no answer to a caller without identity',
    code,
  );
}

/** What was refused for its budget passes once that is raised. */
export async function callWithRaisedBudget({ cloud, functions, report }: Scene): Promise<void> {
  const developer = sdkThroughFunction(cloud, functions.gateway, DEVELOPER);
  const { usage } = await developer.chat.complete(LONG_ANSWER);
  claim(usage.completionTokens === 1500, 'an answer of 1500 tokens', usage);
  report.count('steps driven', 'gateway call');
}

const RunsOutSchema = z.object({ kind: z.literal('runs-out') });

/** The spend monitor, over the items that the gateway wrote. */
export async function watchSpend(scene: Scene): Promise<void> {
  const { spend, told } = await monitorSpend(scene);
  const day = spend.find(
    ({ workspace, window }) => workspace === 'dev-workspace' && window === 'day',
  );
  const metered = Number(day?.meteredNanos);
  claim(metered >= 1_350_000 && metered < 2_000_000, 'what the gateway metered', day);
  claim(told > 0, 'an alert about it', told);
  const heard = await hear(scene);
  claim(
    heard.some(({ type }) => type === 'spend-threshold'),
    'spend-threshold in the queue',
    heard.map(({ type }) => type),
  );
  // A look tells one thing of a budget. From three in the morning on, UTC, the next may be its end.
  const next = await monitorSpend(scene);
  const runningOut = next.spend.filter((row) => RunsOutSchema.safeParse(row.forecast).success);
  claim(next.told === runningOut.length, 'nothing but how budgets end told next', next);
  const again = await monitorSpend(scene);
  claim(again.told === 0, 'nothing told twice', again.told);
  const heardSince = (await hear(scene)).map(({ type }) => type);
  claim(!heardSince.includes('spend-threshold'), 'no threshold told twice', heardSince);
}

async function refused(code: string, status: number, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof MistralError)) throw error;
    const given = RefusalSchema.parse(JSON.parse(error.body)).code;
    claim(given === code && error.statusCode === status, `${status} ${code}`, given);
    return;
  }
  claim(false, `${status} ${code}`, 'an answer');
}
