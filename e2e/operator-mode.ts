import { join } from 'node:path';
import * as z from 'zod';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { FakeKey } from '../testing/fakes/mistral-keys.js';
import type { Assembly } from './app.js';
import { openCommandLine } from './command-line.js';
import { retired } from './executions.js';
import { claimNoLeaks } from './leaks.js';
import { OPERATOR_ALERT_TYPES, secretsOf } from './policies.js';
import { claim, claimSame } from './report.js';
import { receiveAlerts, type Scene } from './scene.js';
import { currentVersion, readKey } from './secrets.js';
import { until } from './waiting.js';

const ROOT = join(import.meta.dirname, '..');
const KEY = 'app-workspace/search-key';
const SECRET = `mistral/${KEY}`;
const FIRST_NAME = 'search-key-by-hand';
const SECOND_NAME = 'search-key-after-leak';
/** Gives what was pasted as a key to the command after it, as a password manager does. */
const PIPED = `printf '%s' "$KEY"`;

const SuppliedSchema = z.object({ secret: z.literal(SECRET), versionId: z.string() });

/** Where there is no Admin API: an operator makes the keys, and supplies them with the command line. */
export async function runOperatorMode(
  before: Scene,
  policyPath: string,
  assembly: Promise<Assembly>,
): Promise<void> {
  const { app, report } = before;
  await receiveAlerts(before); // the last ones of the stack before
  const { outputs } = await report.step('deployed without the Admin API', async () =>
    app.deploy(await assembly),
  );
  const scene: Scene = { ...before, outputs };
  const first = await report.step('a key supplied by an operator, as its alert says', async () => {
    const command = await keysNeeded(scene, policyPath);
    return supply(scene, policyPath, command);
  });
  await report.step('a leaked key replaced and deleted by an operator, and seen to be gone', () =>
    replaceLeaked(scene, policyPath, first),
  );
  await report.step('audited and spend watched without the Admin API', () =>
    runScheduled(scene, policyPath),
  );
  await report.step('no key anywhere but in Secrets Manager, without the Admin API', () =>
    claimNoLeaks(scene),
  );
  claimCounted(scene);
  await report.step('destroyed once more', () => app.destroy());
}

/** The deploy has requested every secret's first key; returns the command in the alert of one. */
async function keysNeeded(scene: Scene, policyPath: string): Promise<string> {
  const planned = secretsOf(policyPath);
  const alerts = await receiveAlerts(scene, OPERATOR_ALERT_TYPES);
  const types = alerts.map(({ type }) => type);
  claimSame(types, Array(planned.length).fill('key-needed'), 'one key-needed for each secret');
  const commands = alerts.flatMap(({ nextSteps }) =>
    nextSteps.flatMap(({ command }) => command ?? []),
  );
  const supply = planned.map((secretName) => {
    const [, key = ''] = secretName.split('mistral/');
    return commands.find((command) => command.includes(`keys supply ${key}`));
  });
  claim(!supply.includes(undefined), 'a command that supplies each key', commands);
  return supply[planned.indexOf(SECRET)] ?? '';
}

/** Runs the command with a key from its standard input. */
async function supply(scene: Scene, policyPath: string, command: string): Promise<FakeKey> {
  const { mistral, shell } = scene;
  const key = await makeAndCopy(scene, policyPath, FIRST_NAME);
  const options = `--policy '${policyPath}' --name ${FIRST_NAME}`;
  const printed = await shell.paste(`${PIPED} | (cd '${ROOT}' && ${command} ${options})`);
  claim(printed.includes(KEY), 'an answer about the secret', printed);
  claim(!printed.includes(key.plaintext), 'no supplied key in what was printed');
  const { apiKey } = await readKey(scene, SECRET);
  claim(apiKey === key.plaintext, 'the key that was supplied, for its readers');
  claim((await mistral.statusFor(apiKey)) === 200, 'a supplied key that Mistral accepts');
  return key;
}

/** As in Mistral's console, where a key is shown once; the shell has it then as `KEY`. */
async function makeAndCopy(
  { mistral, shell }: Scene,
  policyPath: string,
  name: string,
): Promise<FakeKey> {
  const planned = plannedKeys(loadPolicy(policyPath));
  const workspace = planned.find(({ secretName }) => secretName === SECRET)?.workspace;
  const key = mistral.fake.keys.create({
    name,
    workspaceId: workspace?.id ?? '',
    userId: workspace?.ownerUserId ?? '',
  });
  await shell.paste('read -rs KEY', key.plaintext);
  return key;
}

/** The flow asks for the deletion at once, and ends when it sees that an operator has done it. */
async function replaceLeaked(scene: Scene, policyPath: string, leaked: FakeKey): Promise<void> {
  const { mistral } = scene;
  const key = await makeAndCopy(scene, policyPath, SECOND_NAME);
  const command = `keys supply ${KEY} --compromised --name ${SECOND_NAME}`;
  const commandLine = openCommandLine(scene, policyPath);
  const { versionId } = await commandLine.ask(command, SuppliedSchema, PIPED);
  claim((await currentVersion(scene, SECRET)) === versionId, 'a current version that was supplied');
  const { apiKey } = await readKey(scene, SECRET);
  claim(apiKey === key.plaintext, 'the second key, for its readers');

  const alerts = await until(
    'a deletion that is requested',
    () => receiveAlerts(scene, OPERATOR_ALERT_TYPES),
    (received) => received.length > 0,
  );
  for (const { type, severity, nextSteps } of alerts) {
    const isRight = type === 'deletion-needed' && severity === 'critical';
    claim(isRight, 'a critical deletion-needed', alerts);
    const [named] = ANY_NAME.exec(JSON.stringify(nextSteps)) ?? [];
    claim(named === FIRST_NAME, 'the leaked key named first, as the one to delete', nextSteps);
  }
  claim((await mistral.statusFor(leaked.plaintext)) === 200, 'a leaked key that still works');

  mistral.fake.keys.delete(leaked.id);
  await retired(scene, versionId);
  claim((await mistral.statusFor(leaked.plaintext)) === 401, 'a leaked key that Mistral rejects');
  claim((await mistral.statusFor(apiKey)) === 200, 'a second key that Mistral accepts');
  const last = await receiveAlerts(scene, OPERATOR_ALERT_TYPES);
  const isRevoked = last.some(({ type }) => type === 'key-revoked');
  claim(isRevoked, 'key-revoked in the queue', last);
}

const ANY_NAME = new RegExp(`${FIRST_NAME}|${SECOND_NAME}`);

/** What runs on schedules, started by the command line: only the keys that were not supplied are missing. */
async function runScheduled(scene: Scene, policyPath: string): Promise<void> {
  const commandLine = openCommandLine(scene, policyPath);
  const { findings } = await commandLine.audit();
  const missing = secretsOf(policyPath).filter((secretName) => secretName !== SECRET);
  claimSame(
    findings.map(({ type, subject }) => `${type} ${subject}`),
    missing.map((secretName) => `key-needed ${secretName}`),
    'key-needed for what was not supplied, and nothing else',
  );
  const { spend } = await commandLine.spend();
  const isUnspent = spend.length > 0 && spend.every(({ spentNanos }) => spentNanos === 0);
  claim(isUnspent, 'budgets of which nothing was spent', spend);
  const alerts = await receiveAlerts(scene, OPERATOR_ALERT_TYPES);
  const others = alerts.filter(({ type }) => type !== 'key-needed');
  claim(others.length === 0, 'no alert about anything else', others);
}

/** The summary has every alert that was received, those of this part among them. */
function claimCounted({ alerts, report }: Scene): void {
  const { alertsReceived } = report.summary();
  const sum = Object.values(alertsReceived).reduce((total, count) => total + count, 0);
  claim(sum === alerts.length, `${alerts.length} alerts in the summary`, alertsReceived);
  for (const kind of ['key-needed (warning)', 'deletion-needed (critical)']) {
    claim(kind in alertsReceived, `${kind} in the summary`, alertsReceived);
  }
}
