import type { Retirement } from '../domain/retirement.js';

/** The executions of the retirement state machine. */
export interface Retirements {
  /** Starts the flow under this name; one of that name already started is the same one. */
  start(name: string, retirement: Retirement): Promise<void>;
  /** The old keys that a running flow will revoke. */
  running(): AsyncIterable<Retirement>;
}
