import { join } from 'node:path';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { deployedResources } from './account.js';
import type { App, Assembly } from './app.js';
import type { Door } from './aws-proxy.js';
import { changeAndDestroy } from './changes.js';
import type { Cloud } from './cloud.js';
import { askCommandLine } from './command-line.js';
import type { Emulator } from './emulator.js';
import type { Inbox } from './inbox.js';
import { watchDeletions } from './invariants.js';
import { surviveKills } from './kills.js';
import type { RemoteMistral } from './mistral.js';
import { supplyByHand } from './operator-mode.js';
import { changedPolicy, firstPolicy, operatorPolicy, writePolicy } from './policies.js';
import { createFunctionProcesses } from './processes.js';
import { claimReadersAlone } from './readers.js';
import { claimExamplesRefused } from './refusals.js';
import { claim, type Report } from './report.js';
import { createResourcePolicyFunction } from './resource-policies.js';
import { approveHeldRetirement, lookAround, readByHand, replaceLeakedKey } from './runbook.js';
import {
  askToRotate,
  audit,
  hear,
  openScene,
  provision,
  README,
  RUNBOOK,
  readKey,
  retired,
  type Scene,
} from './scene.js';
import type { Shell } from './shell.js';
import { callGateway, watchSpend } from './traffic.js';
import { awayFromMidnight } from './waiting.js';

export interface Parts {
  readonly emulator: Emulator;
  readonly door: Door;
  readonly mistral: RemoteMistral;
  readonly cloud: Cloud;
  readonly inbox: Inbox;
  readonly shell: Shell;
  readonly app: App;
  readonly folder: string;
  readonly report: Report;
}

/** Who makes keys at Mistral by hand. */
const USER = '9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10';
const DEV_SECRET = 'mistral/dev-workspace/dev-team-key';
const ML_SECRET = 'mistral/ml-workspace/ml-team-key';

export interface Settled {
  readonly scene: Scene;
  readonly policy: Policy;
  /** The policies of the journey, and what CDK makes of them while it goes on. */
  readonly firstPath: string;
  readonly changedPath: string;
  readonly operatorPath: string;
  readonly again: Promise<Assembly>;
  readonly changed: Promise<Assembly>;
  readonly operator: Promise<Assembly>;
}

/** From an empty account to a deployed system whose keys are there. */
export async function settle(parts: Parts): Promise<Settled> {
  const { emulator, mistral, cloud, inbox, shell, app, folder, report } = parts;
  const addresses = { mistralUrl: mistral.url, queueArn: inbox.queueArn };
  const firstPath = writePolicy(join(folder, 'first.yaml'), firstPolicy(addresses));
  const changedPath = writePolicy(join(folder, 'changed.yaml'), changedPolicy(addresses));
  const operatorPath = writePolicy(join(folder, 'operator.yaml'), operatorPolicy(addresses));
  const first = app.synth(firstPath);

  await shell.paste(README.block('Deploy for real', 'create-secret'), mistral.adminKey);
  await report.step('what is left out is refused by the emulator', () =>
    claimExamplesRefused(cloud, folder),
  );
  await createResourcePolicyFunction(cloud, emulator, folder);
  await report.step('bootstrapped', () => app.bootstrap());
  const { outputs, leftOut } = await report.step('deployed', async () => app.deploy(await first));
  const again = app.synth(firstPath);
  const changed = app.synth(changedPath);
  const operator = app.synth(operatorPath);
  report.note(`${leftOut.length} resources left out`);
  const resources = await deployedResources(cloud);
  for (const { type } of resources) report.count('resources deployed', type);

  await shell.paste(RUNBOOK.block('Before anything else', 'STACK='));
  const processes = createFunctionProcesses(folder);
  const scene = openScene({ ...parts, processes, outputs }, resources);
  watchDeletions(scene);
  const policy = loadPolicy(firstPath);
  const planned = plannedKeys(policy).map(({ secretName }) => secretName);
  mistral.daysBehind = 4;
  await report.step('every key provisioned', async () => {
    const started = await provision(scene, policy);
    claim([...started].sort().join() === [...planned].sort().join(), 'every key', started);
    const labels = await shell.paste(README.block('Deploy for real', 'describe-secret'));
    claim(labels.includes('AWSCURRENT'), 'a first key in charge', labels);
  });
  return { scene, policy, firstPath, changedPath, operatorPath, again, changed, operator };
}

/** The whole journey, from an empty account to an empty one. */
export async function live(parts: Parts): Promise<void> {
  const { emulator, mistral, cloud, app, folder, report } = parts;
  const { scene, policy, firstPath, changedPath, operatorPath, ...assemblies } =
    await settle(parts);
  const { again, changed, operator } = assemblies;
  const oldKey = await report.step('a key read by its reader alone, and used', async () => {
    const value = await readKey(scene, DEV_SECRET);
    claim((await mistral.statusFor(value.apiKey)) === 200, 'a key that Mistral takes');
    await claimReadersAlone(cloud, emulator, folder, DEV_SECRET);
    return value;
  });
  mistral.daysBehind = 0;
  await report.step('rotated, and the old key retired', async () => {
    const versionId = await scene.rotations.rotate(DEV_SECRET, () =>
      askToRotate(scene, DEV_SECRET),
    );
    await retired(scene, versionId);
    const newKey = await readKey(scene, DEV_SECRET);
    claim(newKey.keyId !== oldKey.keyId, 'another key');
    claim((await mistral.statusFor(newKey.apiKey)) === 200, 'a new key that Mistral takes');
    claim((await mistral.statusFor(oldKey.apiKey)) === 401, 'an old key that Mistral refuses');
  });
  await report.step('a leaked key replaced and revoked by hand, as the runbook says', async () => {
    await readByHand(scene);
    await replaceLeakedKey(scene);
  });
  await report.step('a held retirement approved by the command in its alert', () =>
    approveHeldRetirement(scene, DEV_SECRET),
  );
  await report.step('rotation and retirement survived six killed functions', () =>
    surviveKills(scene, ML_SECRET),
  );
  await awayFromMidnight(report.note);
  await report.step('gateway called with the official SDK', () => callGateway(scene, emulator));
  await report.step('spend watched', () => watchSpend(scene));
  await report.step('audited', async () => {
    const clean = await audit(scene);
    claim(clean.findings.length === 0, 'nothing to find', clean.findings);
    const [workspace] = policy.workspaces;
    mistral.fake.keys.create({ name: 'notebook', workspaceId: workspace?.id ?? '', userId: USER });
    const { findings } = await audit(scene);
    claim(
      findings.some(({ type, subject }) => type === 'unmanaged' && subject.includes('notebook')),
      'the key that somebody made by hand',
      findings,
    );
    claim(
      (await hear(scene)).some(({ type }) => type === 'audit-digest'),
      'audit-digest in the queue',
    );
  });
  await report.step('asked by the command line', () => askCommandLine(scene, firstPath));
  await report.step('looked around as the runbook says', () => lookAround(scene));
  await changeAndDestroy(scene, { app, folder, firstPath, changedPath, again, changed });
  await supplyByHand(scene, { app, folder, policyPath: operatorPath, assembly: operator });
}
