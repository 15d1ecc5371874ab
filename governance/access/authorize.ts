import { listText, quoted } from '../platform/wording.js';
import { type AccessGrant, type AccessRefusal, type AccessRequest, refusal } from './access.js';
import type { CompiledAccess, RoleAccess } from './compile-access.js';

/** Whether a caller, by the ARN that IAM vouches for, may make a request, and within which limits. */
export function authorizeRequest(
  policy: CompiledAccess,
  caller: string,
  { model, agent: agentId, maxTokens }: AccessRequest,
): AccessGrant | AccessRefusal {
  const known = policy.callerOf(caller);
  if (known.kind === 'refuse') return known;
  const { access, ledgerName, dailyTokens } = known;

  const agent = agentId === undefined ? undefined : access.agents.get(agentId);
  if (agentId !== undefined && agent === undefined) return agentNotAllowed(access, agentId);
  const name = agent?.model ?? model ?? '';
  const modelId = policy.models.resolve(name);
  const limit = modelId === undefined ? undefined : access.maxTokens.get(modelId);
  if (modelId === undefined || limit === undefined) return modelNotAllowed(access, name, agentId);

  const asked: unknown = maxTokens ?? limit;
  if (!isTokenCount(asked)) return maxTokensRefused(access, modelId, limit, asked);
  const isCapped = asked > limit && access.overMaxTokens === 'cap';
  if (asked > limit && !isCapped) return maxTokensRefused(access, modelId, limit, asked);
  return {
    kind: 'allow',
    workspace: access.workspace,
    role: access.role,
    caller: ledgerName,
    modelId,
    agent,
    maxTokens: isCapped ? limit : asked,
    isCapped,
    bounds: policy.boundsOf(modelId),
    audioMinutes: access.audioMinutes,
    dailyTokens,
  };
}

/** A request body is the caller's JSON: despite its type, this may be anything. */
function isTokenCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

/** The same for what Mistral does not serve: a name may be all that is known of a fine-tuned model. */
function modelNotAllowed(
  { role, workspace, allowedModels }: RoleAccess,
  model: string,
  agent: string | undefined,
): AccessRefusal {
  const of = agent === undefined ? '' : ` of agent ${quoted(agent)}`;
  return refusal(
    'model_not_allowed',
    `model ${quoted(model)}${of} is not allowed for role "${role}" in workspace "${workspace}": allowed are ${allowedModels}`,
  );
}

/** The same for what is not at Mistral: the policy alone knows agents. */
function agentNotAllowed({ role, agents }: RoleAccess, agent: string): AccessRefusal {
  const allowed = agents.size > 0 ? listText([...agents.keys()], NAMED_AGENTS) : 'none';
  return refusal(
    'agent_not_allowed',
    `agent ${quoted(agent)} is not allowed for role "${role}": allowed are ${allowed}`,
  );
}

const NAMED_AGENTS = 8;

function maxTokensRefused(
  { role, maxTokensPerRequest }: RoleAccess,
  modelId: string,
  limit: number,
  asked: unknown,
): AccessRefusal {
  const limitOf =
    limit < maxTokensPerRequest ? 'the context of the model' : 'the limit of the role';
  const [code, problem] = isTokenCount(asked)
    ? (['max_tokens_exceeded', `is above ${limitOf}`] as const)
    : (['max_tokens_invalid', 'is not a valid token count'] as const);
  return refusal(
    code,
    `max_tokens ${quoted(asked)} ${problem}: role "${role}" may ask model "${modelId}" for 1 to ${limit}`,
  );
}
