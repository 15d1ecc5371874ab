import type { AccessGrant, AccessRefusal, AccessRequest } from './access.js';
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
    return modelNotAllowed(access, model, modelId !== undefined);
  }

  const asked: unknown = maxTokens ?? limit;
  if (!isTokenCount(asked)) return maxTokensInvalid(access, modelId, limit, asked);
  if (asked > limit) return maxTokensExceeded(access, modelId, limit, asked);
  return {
    kind: 'allow',
    workspace: access.workspace,
    role: access.role,
    modelId,
    maxTokens: asked,
    dailyTokens,
  };
}

/** Bodies are JSON of strangers: whatever their types say, this may be anything. */
function isTokenCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

function modelNotAllowed(
  { role, workspace, allowedModels }: RoleAccess,
  model: string,
  isServed: boolean,
): AccessRefusal {
  const problem = isServed ? 'is not allowed' : 'is not served by Mistral and not allowed';
  return {
    kind: 'refuse',
    code: 'model_not_allowed',
    message: `model ${shown(model)} ${problem} for role "${role}" in workspace "${workspace}": allowed are ${allowedModels}`,
  };
}

function maxTokensInvalid(
  { role }: RoleAccess,
  modelId: string,
  limit: number,
  asked: unknown,
): AccessRefusal {
  return {
    kind: 'refuse',
    code: 'max_tokens_invalid',
    message: `max_tokens ${shown(asked)} is no count of tokens: role "${role}" may ask model "${modelId}" for 1 to ${limit}`,
  };
}

function maxTokensExceeded(
  { role, maxTokensPerRequest }: RoleAccess,
  modelId: string,
  limit: number,
  asked: number,
): AccessRefusal {
  const whose = limit < maxTokensPerRequest ? 'the context of the model' : 'the limit of the role';
  return {
    kind: 'refuse',
    code: 'max_tokens_exceeded',
    message: `max_tokens ${shown(asked)} is above ${whose}: role "${role}" may ask model "${modelId}" for 1 to ${limit}`,
  };
}

function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}
