#!/usr/bin/env node
import '../governance/platform/no-inspector.js';
import { setTimeout } from 'node:timers/promises';
import { outboundSettings } from '../governance/platform/outbound-settings.js';
import { EXIT } from './failure.js';
import { createCommandLine } from './run.js';

const { argv, env, stdin, stdout, stderr } = process;

// Warnings of Node and the SDK about Node's version belong to no answer.
process.removeAllListeners('warning');

for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(); // the reader has read enough
    throw error;
  });
}

const commandLine = createCommandLine({
  stdin,
  stdout,
  stderr,
  canSpin: stderr.isTTY === true && env.TERM !== 'dumb',
  now: () => new Date(),
  sleep: setTimeout,
  // As the AWS CLI reads it: the SDK knows the first variable alone.
  region: env.AWS_REGION || env.AWS_DEFAULT_REGION,
  repository: env.GITHUB_WORKSPACE,
  async outbound() {
    const settings = outboundSettings(env);
    if (!settings) return {};
    const { openOutbound } = await import('../governance/platform/outbound.js');
    return openOutbound(settings).requestHandler;
  },
});

let interrupts = 0;
process.on('SIGINT', async () => {
  interrupts += 1;
  if (interrupts > 1) process.exit(EXIT.interrupted);
  process.exit(await commandLine.interrupt());
});
// As containers are stopped.
process.once('SIGTERM', async () => {
  if (!commandLine.isServing) process.exit(143);
  process.exit(await commandLine.interrupt());
});

process.exitCode = await commandLine.run(argv.slice(2));
