import type { MetricLines } from '../governance/platform/metric-lines.js';

/** What the gateway measures of its requests: noted in memory, written at times. */
export interface GatewayMetrics {
  /** A request is over. Outcomes are few: each is a metric to pay for, in the hours that it occurs. */
  ended(outcome: string, milliseconds: number): void;
  /** Mistral did not take a workspace's key, or had no room for its request. */
  refused(status: 401 | 429): void;
  /** Writes what was noted since the last time: one line for each outcome, none for nothing. */
  flush(): void;
}

// A line takes a hundred values of a metric; Powertools ends it by itself when that many are in.
const MOST_VALUES = 99;

export function createGatewayMetrics(lines: MetricLines): GatewayMetrics {
  const latencies = new Map<string, number[]>();
  const refusals = new Map<number, number>();

  function writeLatencies(outcome: string, values: readonly number[]): void {
    latencies.delete(outcome);
    lines.write('outcome', outcome, { Latency: values });
  }

  return {
    ended(outcome, milliseconds) {
      const values = latencies.get(outcome);
      if (!values) {
        latencies.set(outcome, [milliseconds]);
        return;
      }
      values.push(milliseconds);
      if (values.length === MOST_VALUES) writeLatencies(outcome, values);
    },

    refused(status) {
      refusals.set(status, (refusals.get(status) ?? 0) + 1);
    },

    flush() {
      for (const [outcome, values] of latencies) writeLatencies(outcome, values);
      for (const [status, count] of refusals) {
        lines.write('status', String(status), { UpstreamRefusals: count });
      }
      refusals.clear();
    },
  };
}
