import { expect, test } from 'vitest';
import { OVER_LOOPBACK, playWithEveryFault, type SuiteOptions } from './fault-suite.js';
import type { Story } from './stories.js';

/** The whole test of a file: files run beside each other. */
export function testOverLoopback(story: Story, play: SuiteOptions['play'] = 'all'): void {
  test(`over real connections and in real time, too, no fault breaks an invariant: ${story.name}`, async () => {
    const { faultPoints, broken } = await playWithEveryFault(story, {
      transport: OVER_LOOPBACK,
      play,
    });
    expect(broken).toEqual([]);
    expect(faultPoints).toBeGreaterThan(play === 'all' ? 50 : 10);
  });
}

/** For a story whose real time is too long. */
export function testAllInProcess(story: Story): void {
  test(`no fault breaks an invariant: ${story.name}`, async () => {
    const { faultPoints, broken } = await playWithEveryFault(story);
    expect(broken).toEqual([]);
    expect(faultPoints).toBeGreaterThan(50);
  });
}
