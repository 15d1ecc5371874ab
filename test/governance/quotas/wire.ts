import type { Exchange } from '../../../governance/quotas/counter.js';
import type {
  ExchangeAnswer,
  QuotaCounters,
} from '../../../governance/quotas/quota-counters.aws.js';

export type Fate = 'deliver' | 'lose-answer' | 'lose-command' | 'delay';

interface Message {
  readonly sender: string;
  readonly exchange: Exchange;
  readonly happen: () => Promise<ExchangeAnswer>;
  readonly answer: (answer: ExchangeAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A network between holders and counters on which the test decides about every message. */
export interface Wire {
  countersFor(holderId: string): QuotaCounters;
  /** Senders that have a message waiting. */
  waiting(): string[];
  decide(sender: string, fate: Fate): Promise<void>;
  /** The sender is dead: what it has sent may arrive, but no answer reaches it. */
  silence(sender: string): void;
  /** How many commands are late: timed out at their sender, and not arrived yet. */
  late(): number;
  /** The oldest of them arrives. */
  arrive(): Promise<void>;
}

export function createWire(
  counters: QuotaCounters,
  onHappened: (sender: string, exchange: Exchange) => void,
): Wire {
  const messages: Message[] = [];
  const delayed: Message[] = [];
  const silent = new Set<string>();

  return {
    countersFor: (sender) => ({
      read: (key) => counters.read(key),
      exchange: (key, exchange, expiresAtMs) =>
        new Promise((answer, reject) => {
          async function happen(): Promise<ExchangeAnswer> {
            const result = await counters.exchange(key, exchange, expiresAtMs);
            if (result.happened) onHappened(sender, exchange);
            return result;
          }
          messages.push({ sender, exchange, happen, answer, reject });
        }),
    }),

    waiting: () => [...new Set(messages.map(({ sender }) => sender))],

    async decide(sender, fate) {
      const at = messages.findIndex((message) => message.sender === sender);
      const [message] = messages.splice(at, 1);
      if (!message) throw new Error(`no message of ${sender} is waiting`);
      if (fate === 'delay') delayed.push(message);
      const answer =
        fate === 'deliver' || fate === 'lose-answer' ? await message.happen() : undefined;
      if (silent.has(sender)) return;
      if (answer && fate === 'deliver') message.answer(answer);
      else message.reject(new Error('no answer'));
    },

    silence: (sender) => void silent.add(sender),

    late: () => delayed.length,

    async arrive() {
      await delayed.shift()?.happen();
    },
  };
}
