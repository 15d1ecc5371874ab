import { type StartedWith, startedWith } from '../governance/metering/conversations.js';
import { isObject, parseJson } from '../governance/platform/json.js';

/** More conversations are not remembered: to ask again costs nothing but time. */
const MOST_REMEMBERED = 1000;

/** What conversations were started with. Mistral knows, and the service has the key to ask it. */
export class Conversations {
  readonly #known = new Map<string, StartedWith>();

  constructor(private readonly ask: (id: string) => Promise<Response>) {}

  /** Mistral's own answer where it does not say. */
  async startedWith(id: string): Promise<StartedWith | Response> {
    const known = this.#known.get(id);
    if (known) return known;
    const answer = await this.ask(id);
    if (!answer.ok) return answer;
    const text = await answer.text();
    const card = parseJson(text);
    const started = isObject(card) ? startedWith(card) : undefined;
    if (!started) return new Response(text, { status: 502, headers: answer.headers });
    if (this.#known.size >= MOST_REMEMBERED) {
      this.#known.delete(this.#known.keys().next().value as string);
    }
    this.#known.set(id, started);
    return started;
  }
}
