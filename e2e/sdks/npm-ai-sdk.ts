import { createMistral } from '@ai-sdk/mistral';
import { embedMany, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { API_KEY, type Calls, TOOL, TOOL_RESULT, WeatherSchema } from './npm-calls.js';
import { IMAGE, type SdkTask } from './tasks.js';

function aiOf({ url, headers }: SdkTask) {
  return createMistral({ baseURL: `${url}/v1`, apiKey: API_KEY, headers: { ...headers } });
}

export const AI_SDK: Calls = {
  async chat(task) {
    const { model, maxTokens, prompt } = task;
    const { text } = await generateText({
      ...{ model: aiOf(task)(model), maxOutputTokens: maxTokens, prompt },
    });
    return { text };
  },
  async stream(task) {
    const { model, maxTokens, prompt } = task;
    const pieces: string[] = [];
    let failure: unknown;
    const { textStream } = streamText({
      ...{ model: aiOf(task)(model), maxOutputTokens: maxTokens, prompt },
      onError: ({ error }) => {
        failure = error;
      },
    });
    for await (const piece of textStream) pieces.push(piece);
    if (failure !== undefined) throw failure;
    return { text: pieces.join(''), pieces: pieces.length };
  },
  async tools(task) {
    const { model, maxTokens, prompt } = task;
    let json: unknown;
    const weather = tool({
      description: TOOL.description,
      inputSchema: WeatherSchema,
      execute: async (input) => {
        json = input;
        return TOOL_RESULT;
      },
    });
    const { text } = await generateText({
      ...{ model: aiOf(task)(model), maxOutputTokens: maxTokens, prompt },
      ...{ tools: { weather }, stopWhen: stepCountIs(3) },
    });
    return { json, text };
  },
  async structured(task) {
    const { model, maxTokens, prompt } = task;
    const { output } = await generateText({
      ...{ model: aiOf(task)(model), maxOutputTokens: maxTokens, prompt },
      output: Output.object({ schema: WeatherSchema }),
    });
    return { json: output };
  },
  async image(task) {
    const { model, maxTokens, prompt } = task;
    const content = [
      { type: 'text' as const, text: prompt },
      { type: 'image' as const, image: IMAGE },
    ];
    const { text } = await generateText({
      ...{ model: aiOf(task)(model), maxOutputTokens: maxTokens },
      messages: [{ role: 'user', content }],
    });
    return { text };
  },
  async embeddings(task) {
    const { embeddings } = await embedMany({
      ...{ model: aiOf(task).embedding(task.model), values: ['one', 'two'] },
    });
    return { count: embeddings.length, json: embeddings[0] };
  },
};
