import { expect, test } from 'vitest';
import { OVER_LOOPBACK, playWithEveryFault } from './fault-suite.js';
import type { Story } from './stories.js';

/** The whole test of a file: files run beside each other. */
export function testOverLoopback(story: Story): void {
  test(`over real connections and in real time, too, no fault breaks an invariant: ${story.name}`, async () => {
    const { faultPoints, broken } = await playWithEveryFault(story, { transport: OVER_LOOPBACK });
    expect(broken).toEqual([]);
    expect(faultPoints).toBeGreaterThan(50);
  });
}
