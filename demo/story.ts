import type { Policy } from '../governance/policy/policy.js';
import type { RunDocument } from './document.js';
import type { Stage } from './stage.js';

/** A run of `npm start`: the actions of people and programs in a hundred days, and the expected results. */
export interface Story {
  /** Keys that Mistral never accepts, by name. @default none */
  neverWorks?(policy: Policy, start: Date): (keyName: string, workspaceId: string) => boolean;
  /** Plays all days, and returns the check of the document. */
  play(stage: Stage): Promise<(document: RunDocument) => readonly Claim[]>;
}

/** A statement about the run, and whether it holds. */
export type Claim = readonly [sentence: string, holds: boolean];
