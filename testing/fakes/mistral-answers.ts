import { type HttpAnswer, jsonAnswer } from './http-server.js';
import { type Chat, sampleOf } from './mistral-requests.js';

/** As Mistral reports it. */
export interface Used {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

const WORD = 'word ';
export const WORDS = WORD.repeat(3).trim();

/** The message of an answer. */
export interface Written {
  readonly content: string;
  readonly tool_calls?: readonly object[];
}

/** A call of the first tool that may be called, unless one has answered; JSON where that is asked for. */
export function writtenFor({ tools, tool_choice, messages, response_format }: Chat): Written {
  const [tool] = tools ?? [];
  if (tool && tool_choice !== 'none' && messages.at(-1)?.role !== 'tool') {
    const { name, parameters } = tool.function;
    const call = { name, arguments: JSON.stringify(sampleOf(parameters)) };
    return {
      content: '',
      tool_calls: [{ id: 'fakecall1', type: 'function', function: call, index: 0 }],
    };
  }
  if (response_format === undefined || response_format.type === 'text') return { content: WORDS };
  return { content: JSON.stringify(sampleOf(response_format.json_schema?.schema ?? {})) };
}

export function base64Of(numbers: readonly number[]): string {
  return Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
}

function endOf({ tool_calls }: Written): string {
  return tool_calls ? 'tool_calls' : 'stop';
}

export function completed(model: string, written: Written, usage: Used): HttpAnswer {
  const message = { role: 'assistant', ...written };
  return jsonAnswer(200, {
    id: 'cmpl-fake',
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices: [{ index: 0, message, finish_reason: endOf(written) }],
    usage,
  });
}

/** Usage comes with the last event, and is null in those before it. */
export function streamed(model: string, written: Written, usage: Used): HttpAnswer {
  const event = (delta: object, finish_reason: string | null, used: Used | null) => ({
    id: 'cmpl-fake',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model,
    choices: [{ index: 0, delta, finish_reason }],
    usage: used,
  });
  const { content, tool_calls } = written;
  const pieces = content.match(/\S+\s*/g) ?? [];
  const events = [
    event({ role: 'assistant', content: '' }, null, null),
    ...pieces.map((piece) => event({ content: piece }, null, null)),
    event({ content: '', ...(tool_calls && { tool_calls }) }, endOf(written), usage),
  ];
  const body = [...events.map((data) => JSON.stringify(data)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('');
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
}
