import type { ModelPrices } from '../../prices/rates.js';
import { boundCostAt, type UsageBounds } from '../../prices/request-cost.js';
import type { Demand } from '../demand.js';
import { type Problem, problem } from '../problem.js';
import { boundsOf } from '../tariff.js';
import { checkLine, type LineRules } from './batch-line.js';
import { KnownIds } from './known-ids.js';
import { LineScanner } from './line-scanner.js';

/** Of each unit, what one line may use at most. */
export type LineBounds = Omit<UsageBounds, 'mayBePriority'>;

/** The most that all lines of a job can use. */
export interface BatchBounds {
  readonly lines: number;
  readonly cost: number;
  readonly tokens: number;
  /** What a line counts as whose result does not say what it used. */
  readonly ofLine: { readonly cost: number; readonly tokens: number };
  readonly most: LineBounds;
}

/** Mistral's own limit. */
export const MOST_LINES = 1_000_000;
const PROBLEMS_NAMED = 5;
const MOST_AMOUNT = Number.MAX_SAFE_INTEGER;

/** Checks the lines of a job's files as they come, and adds up what they can use. Holds one line. */
export class BatchScan {
  readonly #ids: KnownIds;
  readonly #problems: { readonly where: string; readonly problem: Problem }[] = [];
  #lines = 0;
  #cost = 0;
  #tokens = 0;
  #lineCost = 0;
  #lineTokens = 0;
  #most: LineBounds = NOTHING;

  constructor(
    private readonly rules: LineRules,
    private readonly prices: Pick<ModelPrices, 'bounds'>,
    private readonly mostLineBytes: number,
    seed: number,
  ) {
    this.#ids = new KnownIds(seed);
  }

  /** Nothing more can change the answer. */
  get isDecided(): boolean {
    return this.#problems.length >= PROBLEMS_NAMED || this.#lines > MOST_LINES;
  }

  /** For the lines of one file, as it is read. */
  file(name: string): Pick<LineScanner, 'see' | 'end'> {
    return new LineScanner(this.mostLineBytes, (line, number) => {
      // Blank lines are none, but hundreds of millions of them take minutes to count.
      if (number > 2 * MOST_LINES) this.#lines = MOST_LINES + 1;
      if (!this.isDecided) this.#see(line, number, name);
    });
  }

  /** A request with its id, as in a line. */
  request(received: Buffer, name: string): void {
    if (!this.isDecided) this.#check(received, name);
  }

  /** After the last line. */
  get result(): BatchBounds | Problem {
    const [first] = this.#problems;
    if (first) return this.#refusal(first.problem);
    if (this.#lines > MOST_LINES) {
      const what = `the job has more than ${MOST_LINES} lines: split it into several`;
      return problem('body_too_large', what);
    }
    if (this.#lines === 0) return problem('invalid_request', 'the job has no lines');
    return {
      lines: this.#lines,
      cost: this.#cost,
      tokens: this.#tokens,
      ofLine: { cost: this.#lineCost, tokens: this.#lineTokens },
      most: this.#most,
    };
  }

  #see(line: Buffer | undefined, number: number, name: string): void {
    const where = `line ${number} of ${name}`;
    if (line === undefined) {
      this.#lines += 1;
      const what = `is longer than the ${this.mostLineBytes} bytes allowed`;
      this.#problems.push({ where, problem: problem('body_too_large', what) });
      return;
    }
    const marked = number === 1 && line.indexOf(BYTE_ORDER_MARK) === 0;
    const plain = marked ? line.subarray(BYTE_ORDER_MARK.length) : line;
    if (!isBlank(plain)) this.#check(plain, where);
  }

  #check(received: Buffer, where: string): void {
    this.#lines += 1;
    const line = checkLine(received, this.rules);
    if (line.kind === 'problem') {
      this.#problems.push({ where, problem: line });
    } else if (line.customId !== undefined && !this.#ids.add(line.customId)) {
      const twice = problem('invalid_field', 'has a custom_id that an earlier line has');
      this.#problems.push({ where, problem: twice });
    } else {
      this.#add(line.demand);
    }
  }

  #add(demand: Demand): void {
    const bounds = boundsOf(demand);
    const cost = boundCostAt(this.prices.bounds.batch, bounds);
    // What is free and generates nothing is not refused for tokens, as a request is not.
    const isFree = cost === 0 && demand.completionTokens === 0;
    const tokens = isFree ? 0 : demand.promptTokens + demand.completionTokens;
    this.#cost = Math.min(this.#cost + cost, MOST_AMOUNT);
    this.#tokens = Math.min(this.#tokens + tokens, MOST_AMOUNT);
    this.#lineCost = Math.max(this.#lineCost, cost);
    this.#lineTokens = Math.max(this.#lineTokens, tokens);
    this.#most = larger(this.#most, bounds);
  }

  #refusal(first: Problem): Problem {
    const all = this.#problems.map(({ where, problem: { message } }) => `${where}: ${message}`);
    const more = this.#problems.length >= PROBLEMS_NAMED ? '; later lines were not checked' : '';
    return problem(first.code, `${all.join('; ')}${more}`);
  }
}

const NOTHING: LineBounds = {
  promptTokens: 0,
  completionTokens: 0,
  pages: 0,
  annotatedPages: 0,
  audioSeconds: 0,
  characters: 0,
};
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

function larger(one: LineBounds, other: LineBounds): LineBounds {
  return {
    promptTokens: Math.max(one.promptTokens, other.promptTokens),
    completionTokens: Math.max(one.completionTokens, other.completionTokens),
    pages: Math.max(one.pages, other.pages),
    annotatedPages: Math.max(one.annotatedPages, other.annotatedPages),
    audioSeconds: Math.max(one.audioSeconds, other.audioSeconds),
    characters: Math.max(one.characters, other.characters),
  };
}

/** White space alone, as after the last line. */
function isBlank(line: Buffer): boolean {
  for (let at = 0; at < line.length; at += 1) {
    const byte = line[at] as number;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
