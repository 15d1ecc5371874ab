import * as z from 'zod';
import type { SdkOutcome, SdkTask } from './tasks.js';

export const API_KEY = 'none';
export const WeatherSchema = z.object({ city: z.string(), days: z.int() });
export const TOOL = {
  name: 'weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city', 'days'],
  },
};
export const TOOL_RESULT = 'sunny';

export type Answered = Omit<Extract<SdkOutcome, { kind: 'answered' }>, 'kind'>;
/** The calls that a client can make. */
export type Calls = Partial<Record<SdkTask['call'], (task: SdkTask) => Promise<Answered>>>;

export const user = (content: string) => ({ role: 'user' as const, content });
export const textOf = (content: unknown): string => (typeof content === 'string' ? content : '');
