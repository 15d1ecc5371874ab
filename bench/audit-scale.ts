import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { POLICY_FILE } from '../governance/policy/policy-file.js';
import { inFolder, runProcess, startProcess, writeProcess } from './child-process.js';
import { atLeast, atMost, type Benchmark, type Figure, median, withoutAim } from './figure.js';

const KEYS = 100_000;
const REPETITIONS = 7;
const LEAST_RATIO = 0.8;
const MOST_MEMORY_MB = 150;

const ReadingSchema = z.object({ keys: z.number(), seconds: z.number(), peakBytes: z.number() });

type Reading = z.infer<typeof ReadingSchema>;

/** The speed of the nightly audit in a large organization, with a cold start as every night. */
export const benchAuditScale: Benchmark = (progress) =>
  inFolder(async (folder) => {
    const policy = loadPolicy(join(import.meta.dirname, '..', 'governance.yaml'));
    writeFileSync(join(folder, POLICY_FILE), JSON.stringify(policy));
    const reader = await writeProcess('processes/read-keys', folder);
    const server = await startProcess(await writeProcess('processes/serve-keys', folder), [
      folder,
      String(KEYS),
    ]);
    const read = async (work: 'audit' | 'fetch') => {
      const said = await runProcess(reader, [work, server.firstLine, folder]);
      const reading = ReadingSchema.parse(said);
      if (reading.keys === KEYS) return reading;
      throw new Error(`${work} read ${reading.keys} of ${KEYS} keys`);
    };
    try {
      const audits: Reading[] = [];
      const fetches: Reading[] = [];
      for (let repetition = 1; repetition <= REPETITIONS; repetition += 1) {
        progress(`repetition ${repetition} of ${REPETITIONS}`);
        fetches.push(await read('fetch'));
        audits.push(await read('audit'));
      }
      return figuresOf(audits, fetches);
    } finally {
      server.stop();
    }
  });

function figuresOf(audits: readonly Reading[], fetches: readonly Reading[]): Figure[] {
  const auditSeconds = median(audits.map(({ seconds }) => seconds));
  // Each audit compared with the fetch just before it, so that a busy machine slows both.
  const ratios = audits.map(({ seconds }, i) => (fetches[i]?.seconds ?? Number.NaN) / seconds);
  return [
    withoutAim({ name: 'audit/throughput', value: KEYS / auditSeconds, unit: 'keys/s' }),
    atLeast(LEAST_RATIO, {
      name: 'audit/ratio',
      value: median(ratios),
      unit: '× merely fetching and parsing',
    }),
    atMost(MOST_MEMORY_MB, {
      name: 'audit/peak-memory',
      value: Math.max(...audits.map(({ peakBytes }) => peakBytes)) / 1_000_000,
      unit: 'MB',
    }),
    withoutAim({
      name: 'fetch/peak-memory',
      value: Math.max(...fetches.map(({ peakBytes }) => peakBytes)) / 1_000_000,
      unit: 'MB',
    }),
  ];
}
