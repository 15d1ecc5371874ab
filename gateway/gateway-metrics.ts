import {
  type Problem,
  type ProblemCode,
  publicCode,
  type WholeAnswer,
} from '../governance/metering/problem.js';
import type { MetricLines } from '../governance/platform/metric-lines.js';
import { overflowWay } from '../governance/platform/metrics.js';

/** How a request ended: in a problem of ours, or in one of these ways. */
export type RequestOutcome =
  | ProblemCode
  | 'answered'
  /** An error of Mistral's about the request itself, passed on in Mistral's words. */
  | 'rejected_by_mistral'
  /** After the caller had received a part of the answer. */
  | 'broken_off'
  | 'caller_gone';

export function outcomeOf(answer: Problem | WholeAnswer): RequestOutcome {
  if ('kind' in answer) return publicCode(answer.code);
  return answer.status < 400 ? 'answered' : 'rejected_by_mistral';
}

/** What workspaces send with each other's keys. */
export interface OverflowMetrics {
  /** A workspace's request was sent with another's key, which Mistral bills. In nano-units. */
  overflowed(workspace: string, lender: string, costNanos: number): void;
  /** A request was not sent with a workspace's key, which has lent what it may. */
  lentOut(lender: string): void;
}

/** Measures requests in memory, and writes the metrics at intervals. */
export interface GatewayMetrics extends Partial<OverflowMetrics> {
  /** A request is over. Each outcome is a metric to pay for, in the hours in which it occurs. */
  ended(outcome: RequestOutcome, milliseconds: number): void;
  /** Mistral rejected the key of a workspace, or limited its rate. */
  refused(status: 401 | 429): void;
  /** A workspace's request was charged as the most expensive model, since its own has no price. */
  unpriced(workspace: string): void;
  /** Writes what was measured since the last flush: one line per outcome. */
  flush(): void;
}

// A line takes a hundred values of a metric; Powertools ends it by itself when it is full.
const MOST_VALUES = 99;
const NANOS = 1e9;

export function createGatewayMetrics(lines: MetricLines): GatewayMetrics {
  const latencies = new Map<string, number[]>();
  const refusals = new Map<number, number>();
  const unpriced = new Map<string, number>();
  const overflow = new Map<string, number[]>();
  const lentOut = new Map<string, number>();

  function writeLatencies(outcome: string, values: readonly number[]): void {
    latencies.delete(outcome);
    lines.write('outcome', outcome, { Latency: values });
  }

  function writeOverflow(way: string, costs: readonly number[]): void {
    overflow.delete(way);
    lines.write('overflow', way, { OverflowSpend: costs });
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

    overflowed(workspace, lender, costNanos) {
      const way = overflowWay(workspace, lender);
      const costs = overflow.get(way) ?? [];
      overflow.set(way, costs);
      costs.push(costNanos / NANOS);
      if (costs.length === MOST_VALUES) writeOverflow(way, costs);
    },

    lentOut(lender) {
      lentOut.set(lender, (lentOut.get(lender) ?? 0) + 1);
    },

    unpriced(workspace) {
      unpriced.set(workspace, (unpriced.get(workspace) ?? 0) + 1);
    },

    flush() {
      for (const [outcome, values] of latencies) writeLatencies(outcome, values);
      for (const [status, count] of refusals) {
        lines.write('status', String(status), { UpstreamRefusals: count });
      }
      refusals.clear();
      for (const [way, costs] of overflow) writeOverflow(way, costs);
      for (const [workspace, count] of lentOut) {
        lines.write('workspace', workspace, { OverflowRefusals: count });
      }
      lentOut.clear();
      for (const [workspace, count] of unpriced) {
        lines.write('workspace', workspace, { UnpricedRequests: count });
      }
      unpriced.clear();
    },
  };
}
