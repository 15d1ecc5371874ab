import { expect, test } from 'vitest';
import { claim, createReport, linesOf } from '../../e2e/report.js';

function aReport() {
  const said: string[] = [];
  let seconds = 0;
  const report = createReport(
    (line) => said.push(line),
    () => {
      seconds += 30;
      return seconds * 1000;
    },
  );
  return { report, said };
}

test('the summary counts what happened, in the order of its names', async () => {
  const { report, said } = aReport();
  await report.step('deployed', async () => {});
  report.count('resourcesDeployed', 'AWS::SQS::Queue');
  report.count('resourcesDeployed', 'AWS::KMS::Key', 2);
  report.count('alertsReceived', 'key-revoked (info)');
  expect(said).toEqual(['✓ deployed (30.0 s)']);
  expect(report.where()).toBe('after "deployed"');
  const summary = report.summary();
  expect(summary).toEqual({
    parts: [{ title: 'deployed', seconds: 30 }],
    resourcesDeployed: { 'AWS::KMS::Key': 2, 'AWS::SQS::Queue': 1 },
    stepsDriven: {},
    functionsKilled: {},
    alertsReceived: { 'key-revoked (info)': 1 },
    minutes: 1.5,
  });
  expect(linesOf(summary).join('\n')).toContain('resources deployed: 3\n     2  AWS::KMS::Key');
});

test('where parts run at once, each may be the one that failed', async () => {
  const { report } = aReport();
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const other = report.step('looked around', () => ended);
  expect(report.where()).toBe('in "looked around"');
  const third = report.step('refused', () => ended);
  expect(report.where()).toBe('in "looked around" or "refused"');
  end();
  await Promise.all([other, third]);
  expect(report.where()).toMatch(/^after /);
});

test('a failed part does not count as passed', async () => {
  const { report, said } = aReport();
  const part = report.step('rotated', async () => claim(false, 'another key', { keyId: 'k1' }));
  await expect(part).rejects.toThrow('expected another key, but got {"keyId":"k1"}');
  expect(said).toEqual([]);
  expect(report.where()).toBe('in "rotated"');
  expect(report.summary().parts).toEqual([]);
});
