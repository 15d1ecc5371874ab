import type { Policy } from '../governance/policy/policy.js';
import type { RunDocument } from './document.js';
import type { Stage } from './stage.js';

/** What `npm start` plays: what people and programs do in a hundred days, and what must come of it. */
export interface Story {
  /** What a policy lacks for the story; `undefined` where it can be played. */
  lacks(policy: Policy): string | undefined;
  /** Keys that Mistral never accepts, by name. @default none */
  readonly neverWorks?: (keyName: string) => boolean;
  /** Plays all days, and returns what the document must show. */
  play(stage: Stage): Promise<(document: RunDocument) => readonly Claim[]>;
}

/** A sentence about the run, and whether it is true of it. */
export type Claim = readonly [sentence: string, holds: boolean];
