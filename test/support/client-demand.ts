import type { Demand } from '../../governance/metering/demand.js';

/** A chat request of up to a hundred tokens. */
export function aDemand(change: Partial<Demand> = {}): Demand {
  return {
    grant: {
      kind: 'allow',
      workspace: 'dev-workspace',
      role: 'developer',
      caller: 'c',
      modelId: 'mistral-small-2603',
      maxTokens: 100,
      isCapped: false,
      bounds: { imageTokens: 3100, ocrPages: 1000 },
      audioMinutes: 180,
      dailyTokens: undefined,
    },
    route: '/v1/chat/completions',
    promptTokens: 1000,
    completionTokens: 100,
    completions: 1,
    pages: 0,
    audioSeconds: 0,
    characters: 0,
    toolCalls: 0,
    priority: false,
    annotated: false,
    staysHome: false,
    streamed: false,
    unreported: undefined,
    ...change,
  };
}
