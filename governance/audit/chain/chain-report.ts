import type { IsoDate } from '../../platform/utc-day.js';
import type { ChainLink } from './append-manifest.js';
import type { Manifest } from './manifest.js';

export interface ChainQuery {
  /** The first night whose files are verified. @default that of the first manifest */
  readonly from?: IsoDate | undefined;
  /** The last one. @default today */
  readonly to?: IsoDate | undefined;
  /** The SHA-256 of a manifest that was noted before. */
  readonly noted?: string | undefined;
  readonly now: Date;
}

/** What is wrong. Scripts rely on the words: they never change their meaning. */
export type ChainFault =
  | 'changed'
  | 'truncated'
  | 'reordered'
  | 'missing'
  | 'inserted'
  | 'gap'
  | 'not-in-chain';

export interface ChainProblem {
  readonly fault: ChainFault;
  /** A file, a folder, or the nights of a gap. */
  readonly subject: string;
  readonly message: string;
}

type Found = { readonly problems: readonly ChainProblem[]; readonly notes: readonly string[] };

/** Collects what a verification finds. */
export function createChainFindings() {
  const problems: ChainProblem[] = [];
  const notes: string[] = [];
  return {
    problems: problems as readonly ChainProblem[],
    /** What looks like a problem and has an explanation. */
    notes: notes as readonly string[],
    problem(fault: ChainFault, subject: string, message: string): void {
      problems.push({ fault, subject, message });
    },
    note: (text: string): void => void notes.push(text),
    /** All that another verification found. */
    add(other: Found): void {
      problems.push(...other.problems);
      notes.push(...other.notes);
    },
  };
}

export type ChainFindings = ReturnType<typeof createChainFindings>;

/** A manifest as it is stored now. */
export interface Link extends ChainLink {
  readonly manifest: Manifest;
}

export interface Nights {
  readonly from: IsoDate;
  readonly to: IsoDate;
}

export function isWithin(day: IsoDate, { from, to }: Nights): boolean {
  return from <= day && day <= to;
}
