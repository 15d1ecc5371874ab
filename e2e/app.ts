import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { command } from './commands.js';
import type { Emulator } from './emulator.js';
import type { Shell } from './shell.js';
import { copyWithoutUnsupported, declaredResources } from './unsupported.js';

const CDK = join(import.meta.dirname, '..', 'node_modules', 'aws-cdk', 'bin', 'cdk');

/** The outputs that others rely on, see docs/architecture.md. */
const OutputsSchema = z.object({
  MistralGovernance: z.object({
    AlertsTopicArn: z.string(),
    AuditFunctionName: z.string(),
    RotationFunctionName: z.string(),
    RetirementStateMachineArn: z.string(),
    SpendMonitorFunctionName: z.string(),
    QuotaTableName: z.string(),
    ObjectsTableName: z.string(),
    EvidenceBucketName: z.string(),
    GatewayUrl: z.string(),
  }),
});

export type Outputs = z.infer<typeof OutputsSchema>['MistralGovernance'];

/** An app as synthesized, and what of it the emulator can take. */
export interface Assembly {
  readonly path: string;
  /** Logical ids of the rest. */
  readonly leftOut: readonly string[];
}

export type App = ReturnType<typeof createApp>;

/** This repository's app, as the CDK CLI handles it. */
export function createApp({ env }: Emulator, folder: string) {
  let synths = 0;
  let lastSynth: Promise<unknown> = Promise.resolve();
  let deployed = '';

  async function cdk(args: readonly string[], cwd?: string): Promise<string> {
    const all = [CDK, ...args, '--no-notices', '--no-color'];
    const { stdout, stderr } = await command(process.execPath, all, env, cwd);
    return stdout + stderr;
  }

  async function synthesize(policyPath: string): Promise<Assembly> {
    synths += 1;
    const whole = join(folder, `cdk.out.${synths}`);
    const path = `${whole}.emulator`;
    await cdk(['synth', '--quiet', '-c', `policy=${policyPath}`, '--output', whole]);
    return { path, leftOut: copyWithoutUnsupported(whole, path) };
  }

  return {
    /** Can be awaited later: one at a time, they are made while the journey goes on. */
    synth(policyPath: string): Promise<Assembly> {
      const made = lastSynth.then(() => synthesize(policyPath));
      made.catch(() => {}); // it fails where it is awaited
      lastSynth = made;
      return made;
    },

    /** Lets commands of the CDK CLI that are pasted into a shell have this app; returns its outputs when asked. */
    async openIn(shell: Shell, { path }: Assembly): Promise<() => Outputs> {
      deployed = path;
      const outputsFile = `${shell.folder}.outputs.json`;
      const settings = { APP: path, OUTPUTS_FILE: outputsFile, REQUIRE_APPROVAL: 'never' };
      const exports = Object.entries(settings).map(([name, value]) => `CDK_${name}='${value}'`);
      await shell.paste(`export ${exports.join(' ')}`);
      return () => outputsIn(outputsFile);
    },

    /** Returns the outputs, what the deployed templates declare, and what the CDK CLI printed. */
    async deploy({ path }: Assembly) {
      deployed = path;
      const outputsFile = `${path}.outputs.json`;
      const printed = await cdk([
        ...['deploy', '--all', '--app', path, '--require-approval', 'never'],
        ...['--outputs-file', outputsFile, '--progress', 'events'],
      ]);
      return { outputs: outputsIn(outputsFile), declared: declaredResources(path), printed };
    },

    async destroy(): Promise<void> {
      await cdk(['destroy', '--all', '--force', '--app', deployed]);
    },
  };
}

function outputsIn(file: string): Outputs {
  return OutputsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).MistralGovernance;
}
