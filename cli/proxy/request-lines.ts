import type { IncomingMessage, ServerResponse } from 'node:http';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import { type AnswerMeter, meterFor } from '../../governance/metering/answer-meter.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { oneLine } from '../../governance/platform/quoting.js';
import { numberText, shortened } from '../../governance/platform/wording.js';
import type { PriceRules } from '../../governance/prices/dated-prices.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { NO_USAGE, usageCost } from '../../governance/prices/request-cost.js';
import { readUsage } from '../../governance/prices/usage-fields.js';
import type { Exchange } from './exchange.js';

/** List prices, where there is no policy. */
export const LIST_PRICES: PriceRules = {
  prices: { unknownModel: 'most-expensive', models: {} },
  mistral: { currency: 'USD', apiUrl: 'https://api.mistral.ai' },
};

export interface RequestLines {
  readonly rules: PriceRules;
  readonly now: () => Date;
  readonly print: (line: string) => void;
}

/** One line for each request, once it has ended: with what its answer reports, and nothing of its content. */
export function createRequestLines({ rules, now, print }: RequestLines) {
  const book = createPriceBook(rules, () => now().getTime());
  const models = createModelDirectory(book.models, book);

  function costOf(model: string | undefined, meter: AnswerMeter | undefined): string[] {
    const used = meter && readUsage(meter.answer.usage, { ...NO_USAGE, mayBePriority: true });
    if (!used) return [];
    const prices = model === undefined ? undefined : book.pricesOf(models.resolve(model) ?? model);
    const cost = prices && `${(usageCost(prices, used) / 1e9).toFixed(6)} ${book.currency}`;
    return [`${numberText(used.totalTokens)} tokens`, ...(cost ? [cost] : [])];
  }

  return (
    request: IncomingMessage,
    response: ServerResponse,
  ): Pick<Exchange, 'sees' | 'watches'> => {
    const startedAt = now().getTime();
    let model: string | undefined;
    let meter: AnswerMeter | undefined;
    response.once('close', () => {
      const at = now();
      const { method = '', url = '' } = request;
      const status = response.writableFinished ? String(response.statusCode) : 'left';
      const parts = [
        ...[at.toISOString().slice(11, 19), status, method, shortened(url, 100)],
        ...(model === undefined ? [] : [shortened(model, 100)]),
        ...[...costOf(model, meter), `${at.getTime() - startedAt} ms`],
      ];
      print(oneLine(parts.join('  ')));
    });
    return {
      sees(body) {
        const asked = parseJson(body.toString());
        if (isObject(asked) && typeof asked.model === 'string') model = asked.model;
      },
      watches(answer) {
        meter = meterFor(answer.headers['content-type']);
        answer.on('data', (piece: Buffer) => meter?.see(piece));
      },
    };
  };
}
