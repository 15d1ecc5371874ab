import { unknownCaller } from '../governance/metering/admission.js';
import {
  jsonAnswer,
  type Problem,
  problem,
  retryAfterOf,
  type WholeAnswer,
} from '../governance/metering/problem.js';
import type { ModelCard } from '../governance/mistral/key-prober.js';
import { isObject } from '../governance/platform/json.js';
import type { GatewayDeps } from './gateway-deps.js';
import { internalError } from './problems.js';

/**
 * The models that a caller may use, or one of them: Mistral's list, filtered by role and workspace. To
 * each card it adds `governance`: where the model can be used here, and up to which `max_tokens`.
 */
export function listModels(
  access: GatewayDeps['access'],
  callerArn: string | undefined,
  name: string | undefined,
): Problem | WholeAnswer {
  if (callerArn === undefined) return unknownCaller();
  const { cards, models, authorize } = access;
  const refusals: Problem[] = [];
  const maxTokensOf = (model: string) => {
    const grant = authorize(callerArn, { model, maxTokens: undefined });
    if (grant.kind === 'allow') return grant.maxTokens;
    refusals.push(problem(grant.code, grant.message));
    return undefined;
  };

  const asked = name === undefined ? models.ids : [name];
  if (!asked.some((model) => maxTokensOf(model) !== undefined)) {
    return refusals[0] ?? internalError();
  }
  if (!cards) return notRead(access.nextListInMs);
  const named =
    name === undefined ? cards : cards.filter((card) => isNamed(card, name)).slice(0, 1);
  const data = named.flatMap((card) => {
    const max_tokens = maxTokensOf(card.id);
    if (max_tokens === undefined) return [];
    return { ...card, governance: { endpoints: endpointsOf(card), max_tokens } };
  });
  if (name === undefined) return jsonAnswer(200, { object: 'list', data });
  const [card] = data;
  if (card) return jsonAnswer(200, card);
  return problem('model_not_allowed', `model "${name}" is not served by Mistral`);
}

const ENDPOINTS: Readonly<Record<string, readonly string[]>> = {
  completion_chat: ['/v1/chat/completions'],
  completion_fim: ['/v1/fim/completions'],
  ocr: ['/v1/ocr'],
  moderation: ['/v1/moderations', '/v1/chat/moderations'],
  classification: ['/v1/classifications', '/v1/chat/classifications'],
  audio_speech: ['/v1/audio/speech'],
  audio_transcription: ['/v1/audio/transcriptions'],
};

/** The gateway's endpoints that serve a model, by what Mistral says that it can do. */
export function endpointsOf({ id, capabilities }: ModelCard): string[] {
  const can = isObject(capabilities) ? capabilities : {};
  const served = Object.entries(ENDPOINTS).flatMap(([name, paths]) =>
    can[name] === true ? paths : [],
  );
  // Mistral has no word for what these can do.
  return id.includes('embed') ? [...served, '/v1/embeddings'] : served;
}

function isNamed({ id, aliases }: ModelCard, name: string): boolean {
  return id === name || Boolean(aliases?.includes(name));
}

function notRead(inMs: number): Problem {
  return problem('upstream_unavailable', "Mistral's list of models could not be read", {
    retryAfterSeconds: retryAfterOf(inMs),
  });
}
