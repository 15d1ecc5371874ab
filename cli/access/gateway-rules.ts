import { authorizeRequest } from '../../governance/access/authorize.js';
import { compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import {
  endpointOf,
  generates,
  isMetered,
  type MeteredEndpoint,
} from '../../governance/metering/endpoints.js';
import type { ReceivedForm } from '../../governance/metering/forms/whole-form.js';
import type { Authorize } from '../../governance/metering/live-access.js';
import { createTariff } from '../../governance/metering/tariff.js';
import { callerPattern } from '../../governance/policy/caller-patterns.js';
import type { Policy } from '../../governance/policy/policy.js';
import { isAgentId } from '../../governance/policy/policy-agents.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { wrongInput } from '../failure.js';

/** ARNs of IAM users, roles and sessions. */
export const IAM_ARN = /^arn:[^:]+:(iam|sts)::/;

const ANY_SESSION = 'any-session';

/**
 * The ARN that the gateway sees of a caller. A role calls as one of its sessions, never by itself.
 *
 * @throws CommandFailure for anything but an IAM ARN
 */
export function callingArn(given: string): string {
  if (!IAM_ARN.test(given)) {
    throw wrongInput(
      `caller ${JSON.stringify(given)} is not an IAM ARN: allowed are roles, assumed-role sessions and users, for example arn:aws:iam::111122223333:role/analyst`,
    );
  }
  const pattern = callerPattern(given);
  return pattern === given ? given : pattern.replace(/\*$/, ANY_SESSION);
}

/** The gateway's endpoints by the names that commands use, each with its smallest body. */
const ENDPOINTS = {
  chat: {
    path: '/v1/chat/completions',
    body: { messages: [{ role: 'user', content: '' }] },
  },
  fim: { path: '/v1/fim/completions', body: { prompt: '' } },
  embeddings: { path: '/v1/embeddings', body: { input: '' } },
  moderations: { path: '/v1/moderations', body: { input: '' } },
  'chat-moderations': {
    path: '/v1/chat/moderations',
    body: { input: [{ role: 'user', content: '' }] },
  },
  classifications: { path: '/v1/classifications', body: { input: '' } },
  'chat-classifications': {
    path: '/v1/chat/classifications',
    body: { input: { messages: [{ role: 'user', content: '' }] } },
  },
  speech: { path: '/v1/audio/speech', body: { input: '' } },
  ocr: { path: '/v1/ocr', body: { document: { type: 'image_url', image_url: '' } } },
  agents: { path: '/v1/agents/completions', body: { messages: [] } },
  conversations: { path: '/v1/conversations', body: { inputs: '' } },
  transcriptions: { path: '/v1/audio/transcriptions', body: { file_url: 'https://example.com/a' } },
} as const;

export type EndpointName = keyof typeof ENDPOINTS;

export const ENDPOINT_NAMES = Object.keys(ENDPOINTS) as readonly EndpointName[];

/** Those whose requests name a model, and say all that bounds them. */
export const MODEL_ENDPOINT_NAMES = ENDPOINT_NAMES.filter(
  (name) => name !== 'agents' && name !== 'conversations',
);

/** The endpoint as the gateway knows it. */
export function endpointNamed(name: EndpointName): MeteredEndpoint {
  const endpoint = endpointOf('POST', ENDPOINTS[name].path);
  if (endpoint.kind === 'problem') throw new Error(endpoint.message);
  if (!isMetered(endpoint)) throw new Error(`${endpoint.route} is not metered`);
  return endpoint;
}

/** The smallest request for a model or an agent, as a client would send it. */
export function requestBody(
  name: EndpointName,
  model: string,
  maxTokens: number | undefined,
): Buffer | ReceivedForm {
  const { kind, form } = endpointNamed(name);
  const max_tokens = generates(kind) ? maxTokens : undefined;
  const limit = name === 'conversations' ? { completion_args: { max_tokens } } : { max_tokens };
  const named = name === 'agents' || isAgentId(model) ? { agent_id: model } : { model };
  const fields = { ...named, ...limit, ...ENDPOINTS[name].body };
  if (!form) return Buffer.from(JSON.stringify(fields));
  const entries = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => [field, String(value)] as const);
  return { kind: 'form', shape: form, entries, file: undefined, content: undefined, fileBytes: 0 };
}

/** The gateway's rules and prices for the models that list and policy price, without a call to Mistral. */
export function openAccess(policy: Policy, nowMs = Date.now) {
  const priceBook = createPriceBook(policy, nowMs);
  const access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  const authorize: Authorize = (caller, request) => authorizeRequest(access, caller, request);
  return { access, authorize, priceBook, tariff: createTariff(priceBook) };
}
