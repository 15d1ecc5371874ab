import type { Log } from '../lambdas/adapters/log.js';

/** A JSON object a line, warnings and errors on stderr. */
export const lineLog: Log = {
  info: (message, ...fields) => console.log(line('INFO', message, fields)),
  warn: (message, ...fields) => console.error(line('WARN', message, fields)),
  error: (message, ...fields) => console.error(line('ERROR', message, fields)),
};

function line(level: string, message: string, fields: readonly Record<string, unknown>[]): string {
  const timestamp = new Date().toISOString();
  return JSON.stringify({ timestamp, level, message, ...Object.assign({}, ...fields) }, plain);
}

/** An error alone would print as nothing. */
function plain(_name: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
