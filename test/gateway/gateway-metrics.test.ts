import { expect, test } from 'vitest';
import { createGatewayMetrics, type GatewayMetrics } from '../../gateway/gateway-metrics.js';
import { metricLines } from '../support/metric-lines.js';

function recorded(use: (metrics: GatewayMetrics) => void) {
  const lines = metricLines((written) => use(createGatewayMetrics(written)));
  return lines.map(({ under, metrics }) => [under, metrics]);
}

test('a request on Lambda is one line', () => {
  const lines = recorded((metrics) => {
    metrics.ended('answered', 812);
    metrics.flush();
  });
  expect(lines).toEqual([['outcome=answered', { Latency: 812 }]]);
});

test('requests since the last flush share one line per outcome', () => {
  const lines = recorded((metrics) => {
    metrics.ended('answered', 800);
    metrics.ended('budget_exhausted', 1);
    metrics.ended('answered', 900);
    metrics.flush();
  });
  expect(lines).toEqual([
    ['outcome=answered', { Latency: [800, 900] }],
    ['outcome=budget_exhausted', { Latency: 1 }],
  ]);
});

test('every request is counted, however many there are between two flushes', () => {
  const lines = recorded((metrics) => {
    for (let i = 0; i < 250; i += 1) metrics.ended('answered', i);
    metrics.flush();
  });
  const values = lines.flatMap(([, metrics]) => (metrics as { Latency: number[] }).Latency);
  expect(values).toEqual(Array.from({ length: 250 }, (_, i) => i));
  expect(lines.every(([under]) => under === 'outcome=answered')).toBe(true);
});

test('what is sent with the key of another workspace is measured by who used whose', () => {
  const lines = recorded((metrics) => {
    metrics.overflowed?.('prod', 'ml', 5_850);
    metrics.overflowed?.('dev', 'ml', 0);
    metrics.overflowed?.('prod', 'ml', 20_000_000);
    metrics.lentOut?.('ml');
    metrics.lentOut?.('ml');
    metrics.flush();
    metrics.flush();
  });
  expect(lines).toEqual([
    ['overflow=prod to ml', { OverflowSpend: [0.00000585, 0.02] }],
    ['overflow=dev to ml', { OverflowSpend: 0 }],
    ['workspace=ml', { OverflowRefusals: 2 }],
  ]);
});

test('rejections by Mistral are counted by status', () => {
  const lines = recorded((metrics) => {
    metrics.refused(429);
    metrics.refused(401);
    metrics.refused(429);
    metrics.flush();
  });
  expect(lines).toEqual([
    ['status=429', { UpstreamRefusals: 2 }],
    ['status=401', { UpstreamRefusals: 1 }],
  ]);
});

test('requests without a price are counted by workspace', () => {
  const lines = recorded((metrics) => {
    for (const workspace of ['a', 'b', 'a']) metrics.unpriced(workspace);
    metrics.flush();
    metrics.flush();
  });
  expect(lines).toEqual([
    ['workspace=a', { UnpricedRequests: 2 }],
    ['workspace=b', { UnpricedRequests: 1 }],
  ]);
});

test('nothing is written twice, and no line without values', () => {
  const lines = recorded((metrics) => {
    metrics.flush();
    metrics.ended('answered', 5);
    metrics.refused(401);
    metrics.flush();
    metrics.flush();
  });
  expect(lines).toHaveLength(2);
});
