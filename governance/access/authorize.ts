import { quoted } from '../platform/wording.js';
import { type AccessGrant, type AccessRefusal, type AccessRequest, refusal } from './access.js';
import type { CompiledAccess, RoleAccess } from './compile-access.js';

/** Whether a caller, by the ARN that IAM vouches for, may make a request, and within which limits. */
export function authorizeRequest(
  policy: CompiledAccess,
  caller: string,
  { model, maxTokens }: AccessRequest,
): AccessGrant | AccessRefusal {
  const known = policy.callerOf(caller);
  if (known.kind === 'refuse') return known;
  const { access, dailyTokens } = known;

  const modelId = policy.models.resolve(model);
  const limit = modelId === undefined ? undefined : access.maxTokens.get(modelId);
  if (modelId === undefined || limit === undefined) {
    return modelNotAllowed(access, model);
  }

  const asked: unknown = maxTokens ?? limit;
  if (!isTokenCount(asked)) return maxTokensRefused(access, modelId, limit, asked);
  const isCapped = asked > limit && access.overMaxTokens === 'cap';
  if (asked > limit && !isCapped) return maxTokensRefused(access, modelId, limit, asked);
  return {
    kind: 'allow',
    workspace: access.workspace,
    role: access.role,
    modelId,
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
): AccessRefusal {
  return refusal(
    'model_not_allowed',
    `model ${quoted(model)} is not allowed for role "${role}" in workspace "${workspace}": allowed are ${allowedModels}`,
  );
}

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
