import { isObject, parseJson } from '../../platform/json.js';
import type { Rates } from '../../prices/rates.js';
import { usageCostAt } from '../../prices/request-cost.js';
import { readUsage } from '../../prices/usage-fields.js';
import type { BatchBounds } from './batch-bounds.js';
import { LineScanner } from './line-scanner.js';

/** What a job is settled by: the bounds of its lines, and the rates of the day on which it was created. */
export interface ChargeRules extends Omit<BatchBounds, 'lines'> {
  readonly rates: Rates;
}

/** What Mistral says of a job that has ended. */
export interface EndedJob {
  readonly completed: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface Used {
  readonly cost: number;
  readonly tokens: number;
}

/** Longer results are not parsed: their lines count as what one line may use at most. */
const LONGEST_RESULT_BYTES = 32 * 1024 * 1024;

/** Adds up what the results of a job say that it used. Holds one result. */
export class ResultTally {
  #cost = 0;
  #tokens = 0;
  /** Results with a usage. */
  #charged = 0;
  /** Results that do not say what they used. */
  #unknown = 0;

  constructor(private readonly rules: ChargeRules) {}

  /** For the results in a file, as it is read. */
  file(): Pick<LineScanner, 'see' | 'end'> {
    return new LineScanner(LONGEST_RESULT_BYTES, (line) => {
      const text = line?.toString('utf8');
      if (text === undefined || text.trim() !== '') this.result(text && parseJson(text));
    });
  }

  /** One result: with a usage it costs that, without one it is free only if it is an error. */
  result(result: unknown): void {
    const usage = usageOf(result);
    const { most, rates } = this.rules;
    const read = readUsage(usage, { ...most, mayBePriority: false });
    if (read) {
      this.#charged += 1;
      this.#cost += usageCostAt(rates, read);
      this.#tokens += read.totalTokens;
    } else if (!isError(result)) this.#unknown += 1;
  }

  /**
   * What the job used. Requests that succeeded and are in no result count as what one line may use at
   * most, and all of these together as no more than was reserved.
   */
  usedBy({ completed, succeeded, failed }: EndedJob): Used {
    const { ofLine, cost, tokens } = this.rules;
    const seen = this.#charged + this.#unknown;
    const unseen = Math.max(0, Math.max(succeeded, completed - failed) - seen);
    const unknown = this.#unknown + unseen;
    const withUnknown = (known: number, ofOne: number, reserved: number) =>
      Math.max(known, Math.min(known + unknown * ofOne, reserved));
    return {
      cost: withUnknown(this.#cost, ofLine.cost, cost),
      tokens: withUnknown(this.#tokens, ofLine.tokens, tokens),
    };
  }
}

/** `{custom_id, response: {status_code, body}, error}` */
function usageOf(result: unknown): unknown {
  const response = isObject(result) ? result.response : undefined;
  const body = isObject(response) ? response.body : undefined;
  return isObject(body) ? (body.usage ?? body.usage_info) : undefined;
}

function isError(result: unknown): boolean {
  if (!isObject(result)) return false;
  const { response, error } = result;
  if (isObject(error) || (typeof error === 'string' && error !== '')) return true;
  const status = isObject(response) ? response.status_code : undefined;
  return typeof status === 'number' && status >= 400;
}
