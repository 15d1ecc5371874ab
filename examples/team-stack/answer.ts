import { Mistral } from '@mistralai/mistralai';
import { createSignedHttpClient } from 'mistral-governance/client';

const mistral = new Mistral({
  serverURL: process.env.GATEWAY_URL,
  httpClient: createSignedHttpClient(),
});

export async function handler({ question }: { readonly question: string }) {
  const { choices } = await mistral.chat.complete({
    model: 'mistral-small-latest',
    maxTokens: 500,
    messages: [{ role: 'user', content: question }],
  });
  return { answer: choices[0]?.message?.content };
}
