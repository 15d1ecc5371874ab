import type { Quota } from './quota.js';

/** What names one counter: the key of its item. */
export interface CounterKey {
  /** `quota#<counted as>`, from the second shard on with `#<shard>`. */
  readonly pk: string;
  /** `<unit>#<window name>` */
  readonly sk: string;
  /** Where it was counted before workspaces were counted by their id, and callers with it. */
  readonly formerPk?: string;
}

export function counterKey(quota: Quota, windowName: string, shard: number): CounterKey {
  const { scope, countedAs, unit } = quota;
  const named = (what: string) => (shard === 0 ? `quota#${what}` : `quota#${what}#${shard}`);
  const sk = `${unit}#${windowName}`;
  return countedAs
    ? { pk: named(countedAs), sk, formerPk: named(scope) }
    : { pk: named(scope), sk };
}

/** One shard's part of the limit. The parts differ by at most one. */
export function shardLimit({ limit, shards = 1 }: Quota, shard: number): number {
  const part = Math.floor(limit / shards);
  return shard < limit - part * shards ? part + 1 : part;
}

/** The shard that a holder uses first (FNV-1a of its id). */
export function preferredShard(holderId: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < holderId.length; at += 1)
    hash = Math.imul(hash ^ holderId.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % shards;
}
