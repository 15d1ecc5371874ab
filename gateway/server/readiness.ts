import { setTimeout as wait } from 'node:timers/promises';
import type { Missing } from '../wiring.js';

/** What `/healthz` answers a load balancer. */
export interface Readiness {
  readonly ready: boolean;
  /** What was not read yet: Mistral's models, the gateway's key of a workspace. */
  readonly waitingFor: readonly string[];
  /** What could not be read for a minute, and holds up nothing any more. */
  readonly unavailable: readonly string[];
}

export interface ReadinessOptions {
  /** Reads what was not read yet; returns what could not be. Never fails. */
  readonly missing: () => Promise<Missing>;
  readonly nowMs?: () => number;
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

const TRY_EVERY_MS = 1000;
/** After which the missing key of one workspace keeps no process from serving the others. */
const PATIENCE_MS = 60_000;

/**
 * Becomes ready once models and keys were read, and stays ready: what fails later concerns single requests,
 * and a process that is taken out for it would be missed.
 */
export function createReadiness(options: ReadinessOptions) {
  const { missing, nowMs = Date.now } = options;
  const { pause = (ms: number) => wait(ms, undefined, { ref: false }) } = options;
  let state: Readiness = { ready: false, waitingFor: ['models', 'keys'], unavailable: [] };

  async function becomeReady(): Promise<void> {
    const startedAt = nowMs();
    while (!state.ready) {
      const { models, keys } = await missing();
      const names = keys.map((workspace) => `key of workspace ${workspace}`);
      const isPatient = nowMs() - startedAt < PATIENCE_MS;
      const waitingFor = [...(models ? ['models'] : []), ...(isPatient ? names : [])];
      const unavailable = isPatient ? [] : names;
      state = { ready: waitingFor.length === 0, waitingFor, unavailable };
      if (!state.ready) await pause(TRY_EVERY_MS);
    }
  }

  return { becomeReady, current: (): Readiness => state };
}
