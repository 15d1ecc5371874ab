import { spawnSync } from 'node:child_process';

/** What has a process see the clock of the one that starts it. */
const VARIABLES = /^(LD_PRELOAD|DYLD_\w+|FAKETIME\w*|NO_FAKE_STAT)$/;

/** For processes that get no other variables of this one. */
export function clockOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => VARIABLES.test(name)));
}

/** Variables under which a process, and all that it starts, sees a clock that begins at an instant. */
export function clockAt(instant: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const seconds = Math.round((Date.parse(instant) - Date.now()) / 1000);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(instant) || Number.isNaN(seconds)) {
    throw new Error(`--at ${instant} is not an instant in UTC such as 2028-02-29T23:50Z`);
  }
  // The command knows which library of this machine fakes clocks.
  const { stdout, status } = spawnSync('faketime', ['-m', '-f', '+0s', 'env'], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new Error('--at needs the command faketime: apt-get install faketime, for example');
  }
  const variables = Object.fromEntries(stdout.split('\n').map((line) => line.split('=', 2)));
  const { FAKETIME_SHARED: _, ...clock } = clockOf(variables); // is gone with the command
  return {
    ...clock,
    // An offset: an absolute time would start over in each process.
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    // Whatever waits for a while keeps the clock that it has, and files keep their times.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
}
