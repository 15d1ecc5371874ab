export interface AccessRequest {
  /** As the caller wrote it: an id or an alias; `undefined` where it names an agent. */
  readonly model: string | undefined;
  /** The id of an agent, whose model the policy knows. */
  readonly agent?: string | undefined;
  /** What the caller requested; `undefined` or `null` where it set no limit. */
  readonly maxTokens: number | null | undefined;
}

/** Codes are part of the gateway's interface: they never change their meaning. */
export type AccessRefusalCode =
  | 'unknown_caller'
  | 'unknown_role'
  | 'model_not_allowed'
  | 'agent_not_allowed'
  | 'max_tokens_exceeded'
  | 'max_tokens_invalid';

export interface AccessRefusal {
  readonly kind: 'refuse';
  readonly code: AccessRefusalCode;
  /** Names role, model, limit and what is allowed. */
  readonly message: string;
}

export function refusal(code: AccessRefusalCode, message: string): AccessRefusal {
  return { kind: 'refuse', code, message };
}

/** How many tokens a principal may use a day, over all of its requests. */
export interface DailyTokens {
  /** The caller's role or user, or its session where the policy counts by session. */
  readonly principal: string;
  /** The id of the caller's own workspace, also where another one takes over. */
  readonly workspaceId: string;
  readonly limit: number;
}

/** What is reserved for parts of a request that its bytes do not bound. */
export interface MediaBounds {
  /** Of one image in a prompt. */
  readonly imageTokens: number;
  /** Of a document of which OCR is to read all pages. */
  readonly ocrPages: number;
  /** Of a prompt of which Mistral keeps a part; `undefined` for the model's context. */
  readonly conversationTokens?: number | undefined;
}

/** An agent at Mistral, as far as it costs. */
export interface AgentAccess {
  readonly id: string;
  /** As the policy writes it: an id or an alias. */
  readonly model: string;
  /** Of one call of a tool that runs at Mistral; `undefined` where there may be none. */
  readonly nanosPerToolCall: number | undefined;
  /** The calls that are reserved for a request: none where there may be none. */
  readonly toolCalls: number;
}

export interface AccessGrant {
  readonly kind: 'allow';
  readonly workspace: string;
  readonly role: string;
  /** As the policy's `ledger.callers` names callers. */
  readonly caller: string;
  /** The model's exact id. */
  readonly modelId: string;
  /** The agent that is asked, instead of a model. */
  readonly agent?: AgentAccess | undefined;
  /** What the request may generate at most: to be written into it. */
  readonly maxTokens: number;
  /** Whether the caller asked for more, and its role says to lower that to its limit. */
  readonly isCapped: boolean;
  readonly bounds: MediaBounds;
  /** Of a transcription that does not say how long it is. */
  readonly audioMinutes: number;
  /** `undefined` where they are unlimited. */
  readonly dailyTokens: DailyTokens | undefined;
}
