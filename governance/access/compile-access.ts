import { listText, quoted } from '../platform/wording.js';
import { inOrderOfDecision, matches } from '../policy/caller-patterns.js';
import type { Caller, Policy } from '../policy/policy.js';
import { DEFAULT_TOOL_CALLS } from '../policy/policy-agents.js';
import {
  type AccessRefusal,
  type AgentAccess,
  type DailyTokens,
  type MediaBounds,
  refusal,
} from './access.js';
import { callerName } from './caller-name.js';
import type { ModelDirectory } from './model-directory.js';

/** A refusal names no more: `GET /v1/models` lists all that a caller may use. */
const NAMED_MODELS = 8;

/** What the callers of one role may do in one workspace. */
export interface RoleAccess {
  readonly workspace: string;
  readonly workspaceId: string;
  readonly role: string;
  /** By exact id: what a request may generate at most. */
  readonly maxTokens: ReadonlyMap<string, number>;
  /** Their ids as a list for people. */
  readonly allowedModels: string;
  /** By id; their models must be allowed, too. */
  readonly agents: ReadonlyMap<string, AgentAccess>;
  /** Of the role; a model's context may allow fewer. */
  readonly maxTokensPerRequest: number;
  readonly overMaxTokens: 'refuse' | 'cap';
  readonly audioMinutes: number;
  readonly dailyTokens: number | undefined;
  /** Whether callers of the role use each other's files, conversations and batch jobs. */
  readonly sharesObjects: boolean;
}

export interface CallerAccess {
  readonly kind: 'known';
  /** The caller's role or user, or its session where the policy counts by session. */
  readonly principal: string;
  readonly access: RoleAccess;
  /** As the policy's `ledger.callers` names callers. */
  readonly ledgerName: string;
  readonly dailyTokens: DailyTokens | undefined;
}

/** A policy made ready to answer for every request. Make a new one when policy or models change. */
export interface CompiledAccess {
  readonly models: ModelDirectory;
  callerOf(arn: string): CallerAccess | AccessRefusal;
  /** By exact id. */
  boundsOf(modelId: string): MediaBounds;
}

const SESSION = /^(arn:aws[a-z-]*:sts::\d{12}:assumed-role\/[\w+=,.@-]+)\/[\w+=,.@-]+$/;
/** As a proxy may name a caller: without its session, and with the role's path. */
const ROLE = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[!-~]+\/)?([\w+=,.@-]+)$/;
const USER = /^arn:aws[a-z-]*:iam::\d{12}:user\/[!-~]+$/;

// There is no limit to sessions: the oldest make room. Each takes 2 KB, with what hangs on it elsewhere.
// Who is refused takes no room.
const MAX_CALLERS = 4_000;
/** No ARN of IAM's is longer. */
const LONGEST_ARN = 2048;

export function compileAccess(policy: Policy, models: ModelDirectory): CompiledAccess {
  const workspaceModels = new Map(
    policy.workspaces.map((workspace) => [workspace.name, idsOf(workspace.models, models)]),
  );
  const rules = inOrderOfDecision(policy.callers).map((rule) => ({
    ...rule,
    access: roleAccess(policy, rule.caller, workspaceModels.get(rule.caller.workspace), models),
  }));

  function find(arn: string): CallerAccess | AccessRefusal {
    if (arn.length > LONGEST_ARN) return unknownCaller(arn);
    const role = ROLE.test(arn) ? arn.replace(ROLE, 'arn:$1:sts::$2:assumed-role/$3') : undefined;
    const assumedRole = role ?? SESSION.exec(arn)?.[1];
    const isKnownKind = assumedRole !== undefined || USER.test(arn);
    const identity = role === undefined ? arn : `${role}/`;
    const rule = isKnownKind ? rules.find(({ pattern }) => matches(pattern, identity)) : undefined;
    if (rule === undefined) return unknownCaller(arn);
    const { caller, access } = rule;
    if (access === undefined) return unknownRole(caller.role, policy);
    // Of a role that is given without its session, all sessions are one.
    const isOneSession = caller.perSession && role === undefined;
    const principal = isOneSession ? arn : (assumedRole ?? arn);
    const limit = access.dailyTokens;
    const dailyTokens =
      limit === undefined ? undefined : { principal, workspaceId: access.workspaceId, limit };
    const ledgerName = callerName(policy.ledger.callers, principal, access);
    return { kind: 'known', principal, access, ledgerName, dailyTokens };
  }

  const callers = new Map<string, CallerAccess>();
  const bounds = new Map<string, MediaBounds>();
  const imageTokens = imageTokensById(policy, models);
  return {
    models,
    callerOf(arn) {
      const before = callers.get(arn);
      if (before !== undefined) return before;
      const found = find(arn);
      if (found.kind === 'refuse') return found;
      if (callers.size >= MAX_CALLERS) callers.delete(callers.keys().next().value as string);
      callers.set(arn, found);
      return found;
    },
    boundsOf(modelId) {
      const before = bounds.get(modelId);
      if (before !== undefined) return before;
      const found = mediaBounds(policy, modelId, imageTokens.get(modelId));
      bounds.set(modelId, found);
      return found;
    },
  };
}

/** `undefined` for a role that the policy does not have. */
function roleAccess(
  { roles, workspaces, agents }: Policy,
  caller: Caller,
  workspaceModels: ReadonlySet<string> = new Set(),
  models: ModelDirectory,
): RoleAccess | undefined {
  const role = Object.hasOwn(roles, caller.role) ? roles[caller.role] : undefined;
  const workspace = workspaces.find(({ name }) => name === caller.workspace);
  if (role === undefined || workspace === undefined) return undefined;
  const { maxTokensPerRequest, overMaxTokens } = role;
  const ids = [...idsOf(role.models, models)].filter((id) => workspaceModels.has(id)).sort();
  return {
    workspace: workspace.name,
    workspaceId: workspace.id,
    role: caller.role,
    maxTokens: new Map(
      ids.map((id) => [id, Math.min(maxTokensPerRequest, models.contextTokens(id) ?? Infinity)]),
    ),
    allowedModels:
      ids.length > NAMED_MODELS ? listText(ids, NAMED_MODELS) : ids.join(', ') || 'none',
    agents: new Map(
      agents
        .filter(({ id }) => role.agents === '*' || role.agents.includes(id))
        .map((agent) => [agent.id, agentAccess(agent)]),
    ),
    maxTokensPerRequest,
    overMaxTokens,
    audioMinutes: role.limits.audioMinutes,
    dailyTokens: role.dailyTokens === 'unlimited' ? undefined : role.dailyTokens,
    sharesObjects: role.sharedObjects === 'workspace',
  };
}

const NANO = 1e9;

function agentAccess({ id, model, pricePerToolCall, maxToolCalls }: Policy['agents'][number]) {
  if (pricePerToolCall === undefined) {
    return { id, model, nanosPerToolCall: undefined, toolCalls: 0 };
  }
  const nanosPerToolCall = Math.ceil(pricePerToolCall * NANO);
  return { id, model, nanosPerToolCall, toolCalls: maxToolCalls ?? DEFAULT_TOOL_CALLS };
}

/**
 * Mistral's public tokenizer scales an image down to 1540 pixels a side and merges patches of 14
 * pixels two by two: 55 rows of 55 tokens, each with one for its end, which is 3,080.
 */
const IMAGE_TOKENS = 3100;
/** Pixtral's configuration: 1024 pixels in patches of 16 that are not merged, 64 rows of 65. */
const PIXTRAL_IMAGE_TOKENS = 4160;

function mediaBounds({ limits }: Policy, modelId: string, ofModel?: number): MediaBounds {
  const usual = modelId.startsWith('pixtral-') ? PIXTRAL_IMAGE_TOKENS : IMAGE_TOKENS;
  const { ocrPages, conversationTokens } = limits;
  return { imageTokens: ofModel ?? usual, ocrPages, conversationTokens };
}

/** What the policy says of an alias holds for the model that it stands for now, unless that has its own. */
function imageTokensById({ limits }: Policy, models: ModelDirectory): ReadonlyMap<string, number> {
  const byId = new Map<string, number>();
  for (const [name, { imageTokens }] of Object.entries(limits.models)) {
    const id = models.resolve(name) ?? name;
    if (imageTokens !== undefined && (id === name || !byId.has(id))) byId.set(id, imageTokens);
  }
  return byId;
}

function idsOf(names: '*' | readonly string[], models: ModelDirectory): ReadonlySet<string> {
  if (names === '*') return new Set(models.ids);
  return new Set(names.map((name) => models.resolve(name)).filter((id) => id !== undefined));
}

function unknownCaller(arn: string): AccessRefusal {
  return refusal(
    'unknown_caller',
    `caller ${quoted(arn)} has no role: allowed are the IAM users and roles that the policy's callers name`,
  );
}

function unknownRole(role: string, { roles }: Policy): AccessRefusal {
  const known = Object.keys(roles).join(', ') || 'none';
  return refusal(
    'unknown_role',
    `role ${quoted(role)} of the caller is not in the policy: known are ${known}`,
  );
}
