import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { EXPECTED } from '../e2e/sdks/answers.js';
import { CALLS, CLIENTS, type SdkCall, type SdkClient } from '../e2e/sdks/tasks.js';
import { ACKNOWLEDGED } from './prism/acknowledged.js';

const ROOT = join(import.meta.dirname, '..');
export const CLIENTS_PAGE = join(ROOT, 'docs', 'clients.md');

const PACKAGES: Readonly<Record<SdkClient, string>> = {
  'npm mistralai': '@mistralai/mistralai',
  'npm openai': 'openai',
  'npm ai-sdk': '@ai-sdk/mistral',
  'pypi mistralai': 'mistralai',
  'pypi openai': 'openai',
  'pypi langchain': 'langchain-mistralai',
  'pypi litellm': 'litellm',
};

/** How the page names what a call tries; the rest is the endpoint's plain answer. */
const WORDS: Partial<Record<SdkCall, string>> = {
  stream: 'stream',
  'fim-stream': 'stream',
  'speech-stream': 'stream',
  tools: 'tools',
  structured: 'JSON schema',
  image: 'image',
  'openai-fields': "OpenAI's fields",
  'openai-nulls': 'nulls',
};

const PackageSchema = z.object({ devDependencies: z.record(z.string(), z.string()) });

function versionOf(client: SdkClient): string {
  const name = PACKAGES[client];
  if (client.startsWith('npm')) {
    const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
    return PackageSchema.parse(JSON.parse(text)).devDependencies[name] ?? '';
  }
  const pins = readFileSync(join(ROOT, 'e2e/sdks/requirements.txt'), 'utf8').split('\n');
  return pins.find((pin) => pin.startsWith(`${name}==`))?.split('==')[1] ?? '';
}

/** The page of a run that found nothing: a call that fails, or that Prism objects to, fails the run. */
export function clientsPage(): string {
  const endpoints = [...new Set(Object.values(EXPECTED).map(({ endpoint }) => endpoint))];
  const heads = CLIENTS.map((client) => {
    const registry = client.startsWith('npm') ? 'npm' : 'PyPI';
    return `${registry} \`${PACKAGES[client]}\` ${versionOf(client)}`;
  });
  const rows = endpoints.map((endpoint) => [
    `\`${endpoint}\``,
    ...CLIENTS.map((client) => triedAt(endpoint, client)),
  ]);
  const table = [['endpoint', ...heads], ['endpoint', ...heads].map(() => '---'), ...rows];
  return `# Clients

<!-- Written by \`npm run oracles -- --write\`. -->

Which endpoint each SDK has been tried at, unchanged but for a base URL. An empty cell means that the SDK
has no call for the endpoint, or that its call has not been tried. How to set each client up:
[calling Mistral](calling-mistral.md#clients-that-cannot-sign).

${table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

Every cell was answered as it should be, by the plain server and by the function behind its URL.
[Prism](https://github.com/stoplightio/prism) stood on both sides of each, and compared what callers send and
get, and what Mistral gets and answers, with Mistral's OpenAPI document. What it objected to, and why it is so:

${ACKNOWLEDGED.map(({ topic, reason }) => `- **${topic}**: ${reason}.`).join('\n')}
- **\`governance\` in the models that callers list**: [a member of ours](calling-mistral.md#endpoints).

Through \`mistral-governance proxy\`, end to end tests have each SDK answered, streamed to and refused by the
deployed function, while the credentials of the proxy expire ([contributing](../CONTRIBUTING.md#end-to-end)).
`;
}

function triedAt(endpoint: string, client: SdkClient): string {
  const calls = CALLS[client].filter((call) => EXPECTED[call].endpoint === endpoint);
  return [...new Set(calls.map((call) => WORDS[call] ?? 'answer'))].join(', ');
}
