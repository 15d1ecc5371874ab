/** What clients have to have for a key; the proxy drops it. */
export const DUMMY_KEY = 'signed-by-the-proxy';

interface Addresses {
  /** For clients that add `/v1` themselves. */
  readonly server: string;
  readonly base: string;
}

export function addressesOf(host: string, port: number): Addresses {
  const wildcard = host === '0.0.0.0' || host === '::';
  const name = wildcard ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return { server: `http://${name}:${port}`, base: `http://${name}:${port}/v1` };
}

/** For `eval` in a shell: clients that read their settings from the environment need no others. */
export function environmentOf({ base }: Addresses): Readonly<Record<string, string>> {
  return {
    MISTRAL_API_KEY: DUMMY_KEY,
    MISTRAL_BASE_URL: base, // LangChain
    MISTRAL_API_BASE: base, // LiteLLM
    OPENAI_API_KEY: DUMMY_KEY,
    OPENAI_BASE_URL: base,
  };
}

/** What to paste where: the client, and its line. */
export function clientLines({ server, base }: Addresses): readonly (readonly [string, string])[] {
  const key = DUMMY_KEY;
  return [
    ['mistralai, Python', `Mistral(server_url="${server}", api_key="${key}")`],
    ['mistralai, TypeScript', `new Mistral({ serverURL: "${server}", apiKey: "${key}" })`],
    ['LangChain, Python', `ChatMistralAI(base_url="${base}", api_key="${key}")`],
    ['LangChain, JavaScript', `new ChatMistralAI({ serverURL: "${server}", apiKey: "${key}" })`],
    ['LiteLLM', `completion(model="mistral/<model>", api_base="${base}", api_key="${key}")`],
    ['OpenAI, Python', `OpenAI(base_url="${base}", api_key="${key}")`],
    ['OpenAI, TypeScript', `new OpenAI({ baseURL: "${base}", apiKey: "${key}" })`],
    ['AI SDK', `createMistral({ baseURL: "${base}", apiKey: "${key}" })`],
    ['Continue', `provider: mistral, apiBase: ${base}, apiKey: ${key}`],
    ['Vibe', `in ~/.vibe/config.toml: api_base = "${base}", and export MISTRAL_API_KEY=${key}`],
    ['n8n', `credential "OpenAI": Base URL ${base}, API Key ${key}`],
  ];
}
