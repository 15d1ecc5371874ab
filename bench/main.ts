import { parseArgs } from 'node:util';
import { benchAuditScale } from './audit-scale.js';
import { benchBundleSizes } from './bundle-sizes.js';
import type { Figure } from './figure.js';
import { benchFunctionStarts } from './function-starts.js';
import { benchGatewaySpeed } from './gateway/figures.js';
import { benchProxySpeed } from './proxy-speed.js';
import { jsonReport, tableReport } from './report.js';
import { benchSpendForecast } from './spend-forecast.js';
import { benchUploadMemory } from './upload-memory.js';

const BENCHMARKS = {
  'bundle-sizes': benchBundleSizes,
  'function-starts': benchFunctionStarts,
  'audit-scale': benchAuditScale,
  'gateway-speed': benchGatewaySpeed,
  'proxy-speed': benchProxySpeed,
  'spend-forecast': benchSpendForecast,
  'upload-memory': benchUploadMemory,
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  throw new Error(
    `no benchmark named ${unknown.join(', ')}: there is ${Object.keys(BENCHMARKS).join(', ')}`,
  );
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHMARKS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  figures.push(...(await bench((line) => console.error(`${name}: ${line}`))));
}
process.stdout.write(values.json ? jsonReport(figures) : tableReport(figures));
