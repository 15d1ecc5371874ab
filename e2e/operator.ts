import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { plannedKeys } from '../lambdas/domain/planned-keys.js';
import { loadPolicy } from '../lib/load-policy.js';
import { deployedResources } from './account.js';
import type { App, Assembly, Outputs } from './app.js';
import { readKey, type Scene } from './journey.js';
import { claim } from './report.js';
import { createRotations } from './rotations.js';

const ROOT = join(import.meta.dirname, '..');
const SECRET = 'mistral/app-workspace/search-key';
const NAME = 'search-key-by-hand';

const AskedSchema = z.object({ asked: z.array(z.string()) });

export interface OperatorMode {
  readonly app: App;
  readonly folder: string;
  readonly policyPath: string;
  readonly assembly: Promise<Assembly>;
}

/** Where there is no Admin API: a person makes the keys, and supplies them with the command line. */
export async function supplyByHand(scene: Scene, mode: OperatorMode): Promise<void> {
  const { app, assembly } = mode;
  const { report } = scene;
  const { outputs } = await report.step('deployed without the Admin API', async () =>
    app.deploy(await assembly),
  );
  await report.step('a key supplied by a person, as its alert says', async () => {
    const command = await askedFor(scene, mode, outputs);
    await supply(scene, mode, command);
  });
  await report.step('destroyed once more', () => app.destroy());
}

/** Every secret's first key is asked for; returns the command that one of the alerts tells. */
async function askedFor(scene: Scene, mode: OperatorMode, outputs: Outputs): Promise<string> {
  const { cloud, inbox, report } = scene;
  const rotations = createRotations(cloud, outputs.RotationFunctionName, () => {});
  const planned = plannedKeys(loadPolicy(mode.policyPath)).map(({ secretName }) => secretName);
  for (const secretName of planned) await rotations.emptyAsInAws(secretName);
  const asker = (await deployedResources(cloud)).find(
    ({ type, logicalId }) =>
      type === 'AWS::Lambda::Function' && logicalId.startsWith('ProvisioningFunction'),
  );
  const { asked } = AskedSchema.parse(await cloud.invoke(asker?.physicalId ?? '', {}));
  claim(asked.join() === planned.join(), 'every key asked for', asked);

  const alerts = (await inbox.receive()).filter(({ type }) => type === 'key-needed');
  for (const { type, severity } of alerts) report.count('alerts received', `${type} (${severity})`);
  claim(alerts.length === planned.length, 'one key-needed for each', alerts);
  const [command = ''] = alerts
    .filter(({ title }) => title.endsWith(SECRET))
    .flatMap(({ nextSteps }) => nextSteps.flatMap((step) => step.command ?? []));
  claim(command.includes('keys supply'), 'a command in the alert', command);
  return command;
}

/** Runs the command with a key from its standard input, as from a password manager. */
async function supply(scene: Scene, mode: OperatorMode, command: string): Promise<void> {
  const { mistral, shell } = scene;
  const { workspace } =
    plannedKeys(loadPolicy(mode.policyPath)).find(({ secretName }) => secretName === SECRET) ?? {};
  const { plaintext } = mistral.fake.keys.create({
    name: NAME,
    workspaceId: workspace?.id ?? '',
    userId: workspace?.ownerUserId ?? '',
  });
  await shell.paste('read -rs KEY', plaintext);
  const options = `--policy '${mode.policyPath}' --name ${NAME}`;
  const said = await shell.paste(`printf '%s' "$KEY" | (cd '${ROOT}' && ${command} ${options})`);
  claim(said.includes(`${SECRET} has a new key in charge`), 'a key in charge', said);
  const { apiKey } = await readKey(scene, SECRET);
  claim(apiKey === plaintext, 'the key that was supplied, for its readers');
  claim((await mistral.statusFor(apiKey)) === 200, 'a supplied key that Mistral takes');
  const logged = readFileSync(join(mode.folder, 'ministack.log'), 'utf8');
  claim(!`${said}${logged}`.includes(plaintext), 'no supplied key in what was said and logged');
}
