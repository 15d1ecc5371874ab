import { partialEstimate, upperEstimate } from './demand.js';
import type { Demand, Hold } from './metering.js';
import type { Usage } from './usage-scanner.js';

export interface Partly {
  readonly usage: Usage | undefined;
  readonly deliveredTokens: number;
  /** A stream grows as it is generated; any other answer begins when all is generated. */
  readonly generated: 'as delivered' | 'all';
}

/** What one request reserved, and how each of its ends is settled. */
export class Tally {
  constructor(
    readonly demand: Demand,
    private readonly hold: Hold,
  ) {}

  /** The whole answer came. Without usage in it, all that could have been used counts as used. */
  delivered(usage: Usage | undefined): void {
    this.hold.settle(usage ? { kind: 'measured', usage } : upperEstimate(this.demand));
  }

  /** The answer ended early, at either side's will. */
  partly({ usage, generated, deliveredTokens }: Partly): void {
    if (usage || generated === 'all') this.delivered(usage);
    else this.hold.settle(partialEstimate(this.demand, deliveredTokens));
  }

  /** Mistral may have read the prompt, and gave nothing for it. */
  unanswered(): void {
    this.hold.settle(partialEstimate(this.demand, 0));
  }

  /** Mistral charges nothing for an error, but counts the request. */
  refused(): void {
    this.hold.settle({ kind: 'nothing' });
  }

  /** As if the request had never been. */
  release(): void {
    this.hold.release();
  }
}
