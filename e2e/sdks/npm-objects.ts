import { text as textIn } from 'node:stream/consumers';
import type { ReadableStream } from 'node:stream/web';
import { type Calls, textOf, user } from './npm-calls.js';
import { mistralOf } from './npm-mistralai.js';
import { AGENT, FILE } from './tasks.js';

/** Calls of Mistral's own SDK with files, and about what is kept at Mistral. */
export const OBJECTS: Calls = {
  async transcription(task) {
    const file = { fileName: 'speech.wav', content: new Blob([FILE]) };
    const { text } = await mistralOf(task).audio.transcriptions.complete({
      model: task.model,
      file,
    });
    return { text };
  },
  async 'transcription-stream'(task) {
    const file = { fileName: 'speech.wav', content: new Blob([FILE]) };
    const pieces: string[] = [];
    const stream = await mistralOf(task).audio.transcriptions.stream({ model: task.model, file });
    for await (const { data } of stream) {
      if (data.type === 'transcription.text.delta') pieces.push(data.text);
    }
    return { text: pieces.join(''), pieces: pieces.length };
  },
  async agent(task) {
    const { maxTokens, prompt } = task;
    const answer = await mistralOf(task).agents.complete({
      ...{ agentId: AGENT, maxTokens, messages: [user(prompt)] },
    });
    return { text: textOf(answer.choices[0]?.message?.content) };
  },
  async 'agent-stream'(task) {
    const { maxTokens, prompt } = task;
    const pieces: string[] = [];
    const stream = await mistralOf(task).agents.stream({
      ...{ agentId: AGENT, maxTokens, messages: [user(prompt)] },
    });
    for await (const { data } of stream) {
      const piece = textOf(data.choices[0]?.delta.content);
      if (piece) pieces.push(piece);
    }
    return { text: pieces.join(''), pieces: pieces.length };
  },
  async files(task) {
    const { files } = mistralOf(task);
    const content = new Blob([FILE]);
    const { id: fileId } = await files.upload({
      ...{ file: { fileName: 'notes.txt', content }, purpose: 'ocr' },
    });
    const { data } = await files.list();
    const card = await files.retrieve({ fileId });
    const { url } = await files.getSignedUrl({ fileId });
    const stream = (await files.download({ fileId })) as ReadableStream<Uint8Array>;
    const text = await textIn(stream);
    const { deleted } = await files.delete({ fileId });
    const isRight = card.filename === 'notes.txt' && url.length > 0 && deleted;
    return { text, count: isRight ? data.filter(({ id }) => id === fileId).length : 0 };
  },
  async conversation(task) {
    const { model, maxTokens, prompt } = task;
    const { conversations } = mistralOf(task).beta;
    const completionArgs = { maxTokens };
    const first = await conversations.start({ model, inputs: prompt, completionArgs });
    const { conversationId } = first;
    await conversations.append({
      conversationId,
      conversationAppendRequest: { inputs: prompt, completionArgs },
    });
    const { entries } = await conversations.getHistory({ conversationId });
    const { messages } = await conversations.getMessages({ conversationId });
    const [entry] = entries;
    const fromEntryId = entry && 'id' in entry ? (entry.id ?? '') : '';
    const again = await conversations.restart({
      conversationId,
      conversationRestartRequest: { fromEntryId, inputs: prompt, completionArgs },
    });
    const listed = (await conversations.list()).map(({ id }) => id);
    await conversations.get({ conversationId });
    await conversations.delete({ conversationId });
    const isRight = listed.includes(conversationId) && listed.includes(again.conversationId);
    return { count: isRight ? messages.length : 0 };
  },
  async 'conversation-stream'(task) {
    const { model, maxTokens, prompt } = task;
    const completionArgs = { maxTokens };
    const { conversations } = mistralOf(task).beta;
    const pieces: string[] = [];
    const stream = await conversations.startStream({ model, inputs: prompt, completionArgs });
    for await (const { data } of stream) {
      if (data.type === 'message.output.delta') pieces.push(textOf(data.content));
    }
    return { text: pieces.join(''), pieces: pieces.length };
  },
};
