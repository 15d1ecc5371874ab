import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadPolicy } from '../governance/policy/load-policy.js';
import type { FakeKey } from '../testing/fakes/mistral-keys.js';
import { COMMANDS } from './documents.js';
import type { Parts } from './parts.js';
import { policyHere, secretsOf } from './policies.js';
import { claim, claimSame } from './report.js';
import { createRotations } from './secrets.js';

const PLAIN = 'mistral-api-key';
const FIELD = 'team/app/settings';
const SHARED = 'team/worker/key';
const NAME = 'MISTRAL_API_KEY';
/** What a team has around its key. */
const START = `{ "db" : {"port":5432, "big": 9007199254740993},\n "${NAME}": "`;
const END = '" ,"flags":[1.0,true ] }\n';
const ADOPT = ['-c', 'adoptSecrets=true'];

/** Secrets that are there before the first deploy: taken over, rotated, destroyed, deployed again. */
export async function takeOver(parts: Parts): Promise<void> {
  const { app, cloud, inbox, mistral, report, shell } = parts;
  const { secretsManager } = cloud;
  const folder = join(parts.folder, 'existing');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'governance.yaml');
  const subscription = { protocol: 'sqs', endpoint: inbox.queueArn };
  const policy = policyHere('governance.yaml', mistral.url, subscription);
  const existing = (name: string, secret: string, format: unknown) => ({
    name,
    secret: { name: secret, format, existing: true },
  });
  policy.workspaces[0].keys.push(
    existing('tool', PLAIN, 'plain'),
    existing('app', FIELD, { jsonField: NAME }),
    existing('worker', SHARED, 'plain'),
  );
  writeFileSync(path, stringify(policy));
  const assembly = await app.synth(path, ADOPT);

  const [workspace] = loadPolicy(path).workspaces;
  const makeKey = (name: string) =>
    mistral.fake.keys.create({
      name,
      workspaceId: workspace?.id ?? '',
      userId: workspace?.ownerUserId ?? '',
    });
  const ofTool = makeKey('old-notebook');
  const ofApp = makeKey('old-app');
  const own = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Team',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      },
    ],
  };
  await report.step('a team has secrets of its own, two of them with one key', async () => {
    await secretsManager.createSecret({ Name: PLAIN, SecretString: `${ofTool.plaintext}\n` });
    await secretsManager.createSecret({ Name: FIELD, SecretString: START + ofApp.plaintext + END });
    await secretsManager.createSecret({ Name: SHARED, SecretString: ofTool.plaintext });
    const ResourcePolicy = JSON.stringify(own);
    await secretsManager.putResourcePolicy({ SecretId: FIELD, ResourcePolicy });
    await shell.paste(COMMANDS.storeAdminKey, mistral.adminKey);
    await app.openIn(shell, assembly);
    await shell.paste(COMMANDS.bootstrap);
  });

  const storedValue = async (SecretId: string): Promise<string> =>
    (await secretsManager.getSecretValue({ SecretId })).SecretString ?? '';
  /** As services read them that know nothing of this product. */
  const keysRead = async () => [
    (await storedValue(PLAIN)).replace(/\n$/, ''),
    String(JSON.parse(await storedValue(FIELD))[NAME]),
    await storedValue(SHARED),
  ];
  const claimWorking = async () => {
    const keys = await keysRead();
    claim(keys.every(mistral.accepts), 'a key for each reader that Mistral accepts');
    const value = await storedValue(FIELD);
    claim(value === START + keys[1] + END, 'no other byte changed', value.length);
    claim((await storedValue(PLAIN)).endsWith('\n'), 'the end of the line still there');
  };
  const sids = async () => {
    const { ResourcePolicy = '{"Statement":[]}' } = await secretsManager.getResourcePolicy({
      SecretId: FIELD,
    });
    const { Statement } = JSON.parse(ResourcePolicy) as { Statement: { Sid: string }[] };
    return Statement.map(({ Sid }) => Sid.replace(/\d+$/, ''));
  };

  const { outputs } = await report.step('deployed: they are taken over with their keys', () =>
    app.deploy(assembly),
  );
  const rotations = createRotations(cloud, outputs.RotationFunctionName, () => {});
  const ours = secretsOf(path).filter((name) => name.startsWith('mistral/'));
  await report.step('every other key provisioned', () =>
    Promise.all(ours.map((name) => rotations.firstEnded(name))),
  );
  const old = [ofTool.plaintext, ofApp.plaintext, ofTool.plaintext];
  await claimWorking();
  claimSame(await keysRead(), old, 'the keys as they were');
  const added = await sids();
  claim(added[0] === 'Team' && added.includes('MistralGovernance'), 'statements added', added);

  const rotate = (name: string) =>
    rotations.rotate(name, () => secretsManager.rotateSecret({ SecretId: name }));
  await report.step('rotated: another key, and nothing else', async () => {
    for (const name of [FIELD, PLAIN]) {
      await rotate(name);
      await claimWorking();
    }
    const [tool, settings, worker] = await keysRead();
    claim(tool !== old[0] && settings !== old[1], 'keys of their own');
    claim(worker === old[2], 'the shared key still there');
  });
  const retirements = async () => {
    const answer = await cloud.aws('stepfunctions list-executions', {
      'state-machine-arn': outputs.RetirementStateMachineArn,
      query: 'executions[].name',
    });
    return (answer as string[]).length;
  };
  claim((await retirements()) === 1, 'no retirement of the shared key yet');
  await report.step('the last one leaves the shared key, and has it retired', async () => {
    await rotate(SHARED);
    claim((await retirements()) === 2, 'one retirement for both');
    await claimWorking();
  });

  const before = await Promise.all(secretsOf(path).map(storedValue));
  const made = mistral.fake.keys.made.length;
  await report.step('destroyed: every secret as it was', async () => {
    await app.destroy();
    claimSame(await Promise.all(secretsOf(path).map(storedValue)), before, 'all values');
    claimSame(await sids(), ['Team'], 'the statements of the team alone');
    await claimWorking();
  });
  await report.step('deployed again: the same keys, and no other', async () => {
    const { outputs: again } = await app.deploy(assembly);
    claimSame(await Promise.all(secretsOf(path).map(storedValue)), before, 'all values');
    claim(mistral.fake.keys.made.length === made, 'no key made', madeSince(parts, made));
    await claimWorking();
    const anew = createRotations(cloud, again.RotationFunctionName, () => {});
    await anew.rotate(FIELD, () => secretsManager.rotateSecret({ SecretId: FIELD }));
    await claimWorking();
  });
  await report.step('destroyed once more', () => app.destroy());
}

function madeSince({ mistral }: Parts, before: number): readonly FakeKey['name'][] {
  return mistral.fake.keys.made.slice(before).map(({ name }) => name);
}
