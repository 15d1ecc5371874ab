import { deployedResources } from './account.js';
import type { Assembly } from './app.js';
import { changeAndDestroy } from './changes.js';
import { askCommandLine } from './command-line.js';
import { COMMANDS } from './documents.js';
import { retired } from './executions.js';
import { callGateway, watchSpend } from './gateway.js';
import { watchDeletions } from './invariants.js';
import { surviveKills } from './kills.js';
import { runOperatorMode } from './operator-mode.js';
import { followPages } from './pages.js';
import type { Parts } from './parts.js';
import { writePolicies } from './policies.js';
import { claimReadersAlone } from './readers.js';
import { recover } from './recovery.js';
import { claim } from './report.js';
import {
  approveHeldRetirement,
  makeFirstChecks,
  readWithCli,
  repairByHand,
  replaceLeakedKey,
  runCommandsOfAlerts,
} from './runbook.js';
import { askToRotate, audit, openScene, provisioned, receiveAlerts, type Scene } from './scene.js';
import { readKey } from './secrets.js';
import { callThroughProxy } from './signing-proxy.js';
import { claimExamplesRejected } from './unsupported.js';
import { awayFromMidnight } from './waiting.js';

const DEV_SECRET = 'mistral/dev-workspace/dev-team-key';
const ML_SECRET = 'mistral/ml-workspace/ml-team-key';

/** From an empty account to a deployed system whose keys are there. */
async function settle(parts: Parts) {
  const { mistral, cloud, inbox, shell, app, folder, report } = parts;
  const policies = writePolicies(folder, mistral.url, inbox.queueArn);
  const first = app.synth(policies.first);

  await shell.paste(COMMANDS.storeAdminKey, mistral.adminKey);
  await report.step('what is left out is rejected by the emulator', () =>
    claimExamplesRejected(cloud),
  );
  const { leftOut } = await first;
  const outputsOf = await app.openIn(shell, await first);
  await report.step('bootstrapped', () => shell.paste(COMMANDS.bootstrap));
  mistral.clock.daysBehind = 4;
  await report.step('deployed', () => shell.paste(COMMANDS.deploy));
  const outputs = outputsOf();
  // Made while the journey goes on.
  const again = app.synth(policies.first);
  const changed = app.synth(policies.changed);
  const operator = app.synth(policies.operator);
  report.note(`${leftOut.length} resources left out`);
  const resources = await deployedResources(cloud);
  for (const { type } of resources) report.count('resourcesDeployed', type);

  await shell.paste(COMMANDS.defineNames);
  const scene = openScene(parts, outputs, resources);
  watchDeletions(scene);
  await report.step('every key provisioned', async () => {
    await provisioned(scene, policies.first);
    const labels = await shell.paste(COMMANDS.showFirstKey);
    claim(labels.includes('AWSCURRENT'), 'a first key that is current', labels);
  });
  return { scene, policies, again, changed, operator };
}

/** The whole journey, from an empty account to an empty one. */
export async function travel(parts: Parts): Promise<Assembly> {
  const { mistral, report } = parts;
  const { scene, policies, again, changed, operator } = await settle(parts);
  const oldKey = await report.step('a key read by its reader alone, and used', async () => {
    const key = await readKey(scene, DEV_SECRET);
    claim((await mistral.statusFor(key.apiKey)) === 200, 'a key that Mistral accepts');
    await claimReadersAlone(scene, DEV_SECRET);
    return key;
  });
  mistral.clock.daysBehind = 0;
  await report.step('rotated, and the old key retired', async () => {
    const versionId = await scene.rotations.rotate(DEV_SECRET, () =>
      askToRotate(scene, DEV_SECRET),
    );
    await retired(scene, versionId);
    const newKey = await readKey(scene, DEV_SECRET);
    claim(newKey.keyId !== oldKey.keyId, 'another key');
    claim((await mistral.statusFor(newKey.apiKey)) === 200, 'a new key that Mistral accepts');
    claim((await mistral.statusFor(oldKey.apiKey)) === 401, 'an old key that Mistral rejects');
  });
  await report.step('a leaked key replaced and revoked as the runbook says', async () => {
    await readWithCli(scene);
    await replaceLeakedKey(scene);
  });
  await report.step('a held retirement approved by the command in its alert', () =>
    approveHeldRetirement(scene, DEV_SECRET),
  );
  await report.step('rotation and retirement survived six killed functions', () =>
    surviveKills(scene, ML_SECRET),
  );
  await awayFromMidnight(report.note);
  const tokens = await report.step('gateway called with the official SDK', () =>
    callGateway(scene),
  );
  await report.step('gateway called by unchanged clients, through the signing proxy', () =>
    callThroughProxy(scene),
  );
  const spentNanos = await report.step('spend watched', () => watchSpend(scene, tokens));
  await report.step('audited', () => findUnmanagedKey(scene));
  await report.step('asked by the command line', () =>
    askCommandLine(scene, policies.first, spentNanos),
  );
  await report.step('first checks of the runbook made', () =>
    makeFirstChecks(scene, spentNanos, policies.first),
  );
  await report.step('every command of an alert run', () => runCommandsOfAlerts(scene));
  await report.step('what was changed by hand repaired by the command of its finding', () =>
    repairByHand(scene),
  );
  await report.step('what was lost brought back by the commands of docs/recovery.md', () =>
    recover(scene),
  );
  const deployed = await again;
  await report.step('the pages for years followed to their last command', () =>
    followPages(parts, deployed, policies.first),
  );
  await changeAndDestroy(scene, policies, again, changed);
  await runOperatorMode(scene, policies.operator, operator);
  return deployed;
}

async function findUnmanagedKey(scene: Scene): Promise<void> {
  const clean = await audit(scene);
  const found = clean.findings.map(({ type, subject }) => `${type} ${subject}`).join(', ');
  const isRight = found === 'price-drift codestral-2508';
  claim(isRight, 'only the price that the policy has five times too high', clean.findings);
  const { keys, organization } = scene.mistral.fake;
  const [workspace] = organization.workspaces;
  keys.create({ name: 'notebook', workspaceId: workspace?.id ?? '', userId: USER });
  const { findings } = await audit(scene);
  const isFound = findings.some(
    ({ type, subject }) => type === 'unmanaged' && subject.includes('notebook'),
  );
  claim(isFound, 'the unmanaged key', findings);
  const alerts = await receiveAlerts(scene);
  const isSent = alerts.some(({ type }) => type === 'audit-digest');
  claim(isSent, 'audit-digest in the queue', alerts);
}

/** Who makes keys at Mistral outside this system. */
const USER = '9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10';
