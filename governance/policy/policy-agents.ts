import * as z from 'zod';
import { ModelIdSchema } from './policy-fields.js';

/** As Mistral makes them: `ag_` and letters, or `ag:` and parts with a date and a name. */
const AGENT_ID = /^ag[_:][\w:.-]{1,200}$/;

const AgentIdSchema = z.string().regex(AGENT_ID, {
  error: 'must be the id of an agent at Mistral such as ag_0684fddbd2b1724980008a9c04b7ba37',
});

/** An agent at Mistral, where its instructions, tools and model are. */
export const AgentSchema = z.strictObject({
  id: AgentIdSchema,
  model: ModelIdSchema,
  /** Of what runs at Mistral, in the policy's currency. @default such tools are refused */
  pricePerToolCall: z.number().min(0).max(1000).optional(),
  /** How many of them are reserved for a request. @default `DEFAULT_TOOL_CALLS` */
  maxToolCalls: z.int().min(1).max(100).optional(),
});

export const RoleAgentsSchema = z
  .union([z.literal('*'), z.array(AgentIdSchema)], {
    error: 'must be "*" or a list of ids of agents',
  })
  .default([]);

export const DEFAULT_TOOL_CALLS = 5;

export function isAgentId(name: string): boolean {
  return AGENT_ID.test(name);
}
