/** A part of Mistral's API that stays refused. */
export interface RefusedEndpoints {
  /** What its paths begin with, of whole segments. */
  readonly path: string;
  /** @default all that the gateway does not serve */
  readonly methods?: readonly string[];
  /** Follows "because". */
  readonly why: string;
}

const OF_ALL = 'with the key of the workspace, which all of its callers share';

/** The first that fits says why. Tests compare them with the official SDK's endpoints and the docs. */
export const REFUSED_ENDPOINTS: readonly RefusedEndpoints[] = [
  {
    path: '/v1/admin',
    why: 'it needs the Admin API key, which creates keys and changes limits; the gateway does not have it',
  },
  {
    path: '/v1/agents',
    why: "the policy's agents name those that may be used, with model and price; change them in Mistral's console",
  },
  {
    path: '/v1/audio/transcriptions/realtime',
    why: 'sound without an end cannot be bounded beforehand, and function URLs carry no WebSocket',
  },
  { path: '/v1/audio/voices', why: `a voice is open to every caller of the workspace, ${OF_ALL}` },
  {
    path: '/v1/batch',
    methods: ['DELETE'],
    why: 'a job is settled by the results that it would delete',
  },
  { path: '/v1/client', why: 'a session is a key of its own, past models, tokens and budgets' },
  {
    path: '/v1/connectors',
    why: 'connectors hold credentials of others, and calls of their tools are billed separately; an agent with pricePerToolCall may use them',
  },
  {
    path: '/v1/fine_tuning',
    why: 'training is billed by the job, and its models belong to the whole organization',
  },
  {
    path: '/v1/libraries',
    why: `documents of a library are open to every caller of the workspace, ${OF_ALL}, and reading them in is billed separately`,
  },
  {
    path: '/v1/models',
    methods: ['DELETE'],
    why: 'a fine-tuned model belongs to the whole organization',
  },
  {
    path: '/v1/observability',
    why: 'it shows prompts and answers of all callers',
  },
  { path: '/v1/rag', why: 'searches and their stores are billed separately, and are not metered' },
  { path: '/v1/service-accounts', why: 'accounts and their roles belong to administrators' },
  { path: '/v1/users', why: 'it describes the owner of the key, not the caller' },
  {
    path: '/v1/workflows',
    why: 'workflows run at Mistral by themselves, past models, tokens and budgets',
  },
  { path: '/v2/prompts', why: `prompts are open to every caller of the workspace, ${OF_ALL}` },
  { path: '/v2/skills', why: `skills are open to every caller of the workspace, ${OF_ALL}` },
];

/** Why an endpoint is refused, where there is a reason besides that nothing is known of it. */
export function whyRefused(method: string, path: string): string | undefined {
  const given = path.split('/').filter(Boolean);
  while (given[0] === 'v1' && given[1] === 'v1') given.shift();
  const plain = `/${given.join('/')}/`;
  return REFUSED_ENDPOINTS.find(
    (one) => plain.startsWith(`${one.path}/`) && (one.methods?.includes(method) ?? true),
  )?.why;
}
