import { createHash } from 'node:crypto';

/** No session of a client has a longer name, and OpenAI takes fewer characters. */
export const LONGEST_CACHE_NAME = 256;

export function isCacheName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= LONGEST_CACHE_NAME;
}

/** What Mistral gets for a name of the caller's choice, so that no caller shares a prompt cache with another. */
export function cacheNameOf(callerArn: string, name: string): string {
  return createHash('sha256').update(`${callerArn} ${name}`).digest('hex').slice(0, 32);
}
