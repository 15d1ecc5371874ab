import { join } from 'node:path';
import * as z from 'zod';
import { loadPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { FakeKey } from '../testing/fakes/mistral-keys.js';
import { deployedResources } from './account.js';
import type { App, Assembly } from './app.js';
import { openCommandLine } from './command-line.js';
import { claimNoLeaks } from './leaks.js';
import { HEARD_OF_OPERATOR } from './policies.js';
import { claim } from './report.js';
import { hear, readKey, retired, type Scene } from './scene.js';
import { until } from './waiting.js';

const ROOT = join(import.meta.dirname, '..');
const KEY = 'app-workspace/search-key';
const SECRET = `mistral/${KEY}`;
const FIRST_NAME = 'search-key-by-hand';
const SECOND_NAME = 'search-key-after-leak';
/** Gives what was pasted as a key to the command after it, as a password manager does. */
const PIPED = `printf '%s' "$KEY"`;

const AskedSchema = z.object({ asked: z.array(z.string()) });
const SuppliedSchema = z.object({ outcome: z.literal('in charge'), versionId: z.string() });

export interface OperatorMode {
  readonly app: App;
  readonly folder: string;
  readonly policyPath: string;
  readonly assembly: Promise<Assembly>;
}

/** Where there is no Admin API: a person makes the keys, and supplies them with the command line. */
export async function supplyByHand(scene: Scene, mode: OperatorMode): Promise<void> {
  const { app, assembly, folder, policyPath } = mode;
  const { report } = scene;
  await hear(scene); // what the stack before has told last
  const { outputs } = await report.step('deployed without the Admin API', async () =>
    app.deploy(await assembly),
  );
  const here: Scene = { ...scene, outputs };
  const first = await report.step('a key supplied by a person, as its alert says', async () => {
    const command = await askedFor(here, policyPath);
    return supply(here, policyPath, command);
  });
  await report.step('a leaked key replaced and deleted by a person, and seen to be gone', () =>
    replaceLeaked(here, policyPath, first),
  );
  await report.step('audited and spend watched without the Admin API', () =>
    lookAfter(here, policyPath),
  );
  await report.step('no key anywhere but in Secrets Manager, without the Admin API', () =>
    claimNoLeaks(here, folder),
  );
  claimCounted(here);
  await report.step('destroyed once more', () => app.destroy());
}

/** Every secret's first key is asked for; returns the command that one of the alerts tells. */
async function askedFor(scene: Scene, policyPath: string): Promise<string> {
  const { cloud, rotations } = scene;
  const planned = secretsOf(policyPath);
  for (const secretName of planned) await rotations.emptyAsInAws(secretName);
  const asker = (await deployedResources(cloud)).find(
    ({ type, logicalId }) =>
      type === 'AWS::Lambda::Function' && logicalId.startsWith('ProvisioningFunction'),
  );
  const { asked } = AskedSchema.parse(await cloud.invoke(asker?.physicalId ?? '', {}));
  claim(asked.join() === planned.join(), 'every key asked for', asked);

  const alerts = await hear(scene, HEARD_OF_OPERATOR);
  const needed = alerts.filter(({ type }) => type === 'key-needed');
  claim(
    needed.length === planned.length && alerts.length === planned.length,
    'one key-needed for each, and nothing else',
    alerts,
  );
  const [command = ''] = needed
    .filter(({ title }) => title.endsWith(SECRET))
    .flatMap(({ nextSteps }) => nextSteps.flatMap((step) => step.command ?? []));
  claim(command.includes('keys supply'), 'a command in the alert', command);
  return command;
}

/** Runs the command with a key from its standard input. */
async function supply(scene: Scene, policyPath: string, command: string): Promise<FakeKey> {
  const { mistral, shell } = scene;
  const key = await makeAndCopy(scene, policyPath, FIRST_NAME);
  const options = `--policy '${policyPath}' --name ${FIRST_NAME}`;
  const said = await shell.paste(`${PIPED} | (cd '${ROOT}' && ${command} ${options})`);
  claim(said.includes(`${SECRET} has a new key in charge`), 'a key in charge', said);
  claim(!said.includes(key.plaintext), 'no supplied key in what was said');
  const { apiKey } = await readKey(scene, SECRET);
  claim(apiKey === key.plaintext, 'the key that was supplied, for its readers');
  claim((await mistral.statusFor(apiKey)) === 200, 'a supplied key that Mistral takes');
  return key;
}

/** As in Mistral's console, where a key is shown once; the shell has it then as `KEY`. */
async function makeAndCopy(
  { mistral, shell }: Scene,
  policyPath: string,
  name: string,
): Promise<FakeKey> {
  const { workspace } =
    plannedKeys(loadPolicy(policyPath)).find(({ secretName }) => secretName === SECRET) ?? {};
  const key = mistral.fake.keys.create({
    name,
    workspaceId: workspace?.id ?? '',
    userId: workspace?.ownerUserId ?? '',
  });
  await shell.paste('read -rs KEY', key.plaintext);
  return key;
}

/** The flow asks for the deletion at once, and ends when it sees that a person has done it. */
async function replaceLeaked(scene: Scene, policyPath: string, leaked: FakeKey): Promise<void> {
  const { mistral } = scene;
  const key = await makeAndCopy(scene, policyPath, SECOND_NAME);
  const command = `keys supply ${KEY} --compromised --name ${SECOND_NAME}`;
  const { versionId } = await openCommandLine(scene, policyPath).ask(
    command,
    SuppliedSchema,
    PIPED,
  );
  const { apiKey } = await readKey(scene, SECRET);
  claim(apiKey === key.plaintext, 'the second key, for its readers');

  const alerts = await until(
    'a deletion that is asked for',
    () => hear(scene, HEARD_OF_OPERATOR),
    (heard) => heard.length > 0,
  );
  claim(
    alerts.every(({ type, severity }) => type === 'deletion-needed' && severity === 'critical'),
    'a critical deletion-needed',
    alerts,
  );
  const named = alerts
    .flatMap(({ nextSteps }) => nextSteps)
    .flatMap(({ say }) => DELETE.exec(say)?.groups?.name ?? []);
  claim(named[0] === FIRST_NAME, 'the leaked key named, and no other', named);
  claim((await mistral.statusFor(leaked.plaintext)) === 200, 'a leaked key that still works');

  mistral.fake.keys.delete(leaked.id);
  await retired(scene, versionId);
  claim((await mistral.statusFor(leaked.plaintext)) === 401, 'a leaked key that Mistral refuses');
  claim((await mistral.statusFor(apiKey)) === 200, 'a second key that Mistral takes');
  const told = await hear(scene, HEARD_OF_OPERATOR);
  claim(
    told.some(({ type }) => type === 'key-revoked'),
    'key-revoked in the queue',
    told,
  );
}

const DELETE = /^Delete (?<name>\S+) at /;

/** What runs on schedules, started by the command line: only the keys nobody supplied are missed. */
async function lookAfter(scene: Scene, policyPath: string): Promise<void> {
  const commandLine = openCommandLine(scene, policyPath);
  const { findings } = await commandLine.audit();
  const missed = secretsOf(policyPath).filter((secretName) => secretName !== SECRET);
  claim(
    findings.every(({ type }) => type === 'key-needed') &&
      findings
        .map(({ subject }) => subject)
        .sort()
        .join() === [...missed].sort().join(),
    'key-needed for what was not supplied, and nothing else',
    findings,
  );
  const { spend } = await commandLine.spend();
  claim(
    spend.length > 0 && spend.every(({ spentNanos }) => spentNanos === 0),
    'budgets of which nothing was spent',
    spend,
  );
  const told = await hear(scene, HEARD_OF_OPERATOR);
  claim(
    told.every(({ type }) => type === 'key-needed'),
    'nobody told of anything else',
    told,
  );
}

/** The summary has every alert that was heard, those of this part among them. */
function claimCounted({ alerts, report }: Scene): void {
  const { alertsReceived } = report.summary();
  const sum = Object.values(alertsReceived).reduce((total, count) => total + count, 0);
  claim(sum === alerts.length, `${alerts.length} alerts in the summary`, alertsReceived);
  for (const told of TOLD) claim(told in alertsReceived, `${told} in the summary`, alertsReceived);
}

const TOLD = ['key-needed (warning)', 'deletion-needed (critical)'];

function secretsOf(policyPath: string): readonly string[] {
  return plannedKeys(loadPolicy(policyPath)).map(({ secretName }) => secretName);
}
