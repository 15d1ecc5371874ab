import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { callingArn } from '../cli/access/gateway-rules.js';
import { loadPolicy } from '../governance/policy/load-policy.js';
import {
  GATEWAY_KEY_NAME,
  type PlannedKey,
  plannedKeys,
} from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { listenHere } from '../testing/fakes/http-server.js';
import type { Outputs } from './app.js';
import { COMMANDS } from './documents.js';
import { ROOT } from './emulator.js';
import type { Parts } from './parts.js';
import { CALLER_HEADER, startPlainServer } from './plain-server.js';
import { policyHere } from './policies.js';
import { provisioned } from './scene.js';
import { createRotations } from './secrets.js';

const CHECKOUT = join(import.meta.dirname, '..');
const COMMAND_LINE = 'npx --no -- mistral-governance';

/** The policy that is deployed to look around, from the root of this repository. */
export function policyToStay(isOperator: boolean): string {
  return isOperator ? 'examples/operator.yaml' : 'governance.yaml';
}

interface Suggestion {
  readonly what: string;
  readonly command: string;
}

/**
 * Deploys, gives every secret its key, but one in operator mode, and starts the gateway as a plain
 * server. Returns what to print: all that another shell needs, and what is worth trying there.
 */
export async function stayDeployed(
  parts: Parts,
  isOperator: boolean,
  onStart: (stop: () => unknown) => void,
): Promise<readonly string[]> {
  const { app, inbox, mistral, emulator, report, shell } = parts;
  const folder = join(parts.folder, 'stay');
  const path = join(folder, 'governance.yaml');
  const subscription = { protocol: 'sqs', endpoint: inbox.queueArn };
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  writeFileSync(path, stringify(policyHere(policyToStay(isOperator), mistral.url, subscription)));
  // There, the documented commands run as they are, with the policy that is deployed.
  const program = join(CHECKOUT, 'bin', 'mistral-governance.js');
  symlinkSync(program, join(folder, 'node_modules', '.bin', 'mistral-governance'));
  const policy = loadPolicy(path);

  const assembly = app.synth(path);
  if (!isOperator) await shell.paste(COMMANDS.storeAdminKey, mistral.adminKey);
  const outputsOf = await app.openIn(shell, await assembly);
  await report.step('bootstrapped', () => shell.paste(COMMANDS.bootstrap));
  await report.step('deployed', () => shell.paste(COMMANDS.deploy));
  const outputs = outputsOf();
  const keys = plannedKeys(policy);
  const toTry = keys.findLast(({ key }) => key.name !== GATEWAY_KEY_NAME);
  if (!toTry) throw new Error(`${path} has no key`);
  const others = keys.filter((planned) => planned !== toTry);
  await shell.paste(`cd '${folder}'; MISTRAL_CONSOLE='${mistral.consoleUrl}'`);
  await report.step('every key provisioned', async () => {
    if (isOperator) for (const key of others) await shell.paste(supplyCommand(key));
    else await provisioned({ ...parts, rotations: rotationsOf(parts, outputs) }, path);
  });
  const caller = callerOf(policy);
  const gateway = await report.step('gateway started', () =>
    startGateway(parts, path, outputs, caller, onStart),
  );
  const settings = {
    ...emulator.env,
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
    GATEWAY_URL: `${gateway}/`,
    ...(isOperator && { MISTRAL_CONSOLE: mistral.consoleUrl }),
  };
  return invitation(folder, settings, caller, isOperator ? operating(toTry) : rotating(toTry));
}

function rotationsOf({ cloud }: Parts, { RotationFunctionName }: Outputs) {
  return createRotations(cloud, RotationFunctionName, () => {});
}

/** A role of the policy's callers, in a session. */
function callerOf({ callers }: Policy): string {
  const named = callers.find(({ principal }) => !principal.includes('*'));
  return callingArn(named?.principal ?? '');
}

/**
 * The plain server against the stack, behind what knows callers as IAM does of a function URL: who signs
 * with the account's key is this caller. Who names another one in the plain server's header is that one.
 */
async function startGateway(
  { emulator }: Parts,
  policyPath: string,
  { QuotaTableName, ObjectsTableName, AlertsTopicArn }: Outputs,
  caller: string,
  onStart: (stop: () => unknown) => void,
): Promise<string> {
  const env = {
    ...emulator.env,
    QUOTA_TABLE_NAME: QuotaTableName,
    OBJECTS_TABLE_NAME: ObjectsTableName,
    ALERTS_TOPIC_ARN: AlertsTopicArn,
  };
  const target = await startPlainServer(policyPath, env, onStart);
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const isSigned = headers.authorization?.includes(`Credential=${ROOT.accessKeyId}/`);
    if (isSigned) headers[CALLER_HEADER] ??= caller;
    if (!headers[CALLER_HEADER]) {
      outgoing.writeHead(403, { 'content-type': 'application/json' });
      outgoing.end('{"Message":"Forbidden"}\n');
      return;
    }
    const forwarded = httpRequest(target + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  onStart(() => {
    server.closeAllConnections();
    server.close();
  });
  return listenHere(server);
}

function rotating(planned: PlannedKey): readonly Suggestion[] {
  return [
    LIST_KEYS,
    ...CALL_AND_COUNT,
    {
      what: 'Rotate one: Secrets Manager calls the four steps, and services read the new key',
      command: `${COMMAND_LINE} keys rotate ${nameOf(planned)}`,
    },
    { ...showVersions(planned), what: 'Its versions: the previous key works until it is unused' },
  ];
}

function operating(planned: PlannedKey): readonly Suggestion[] {
  return [
    { ...LIST_KEYS, what: 'Every key: one has been requested from you, by an alert' },
    {
      what: "Create it in what stands for Mistral's console, and supply it",
      command: supplyCommand(planned),
    },
    ...CALL_AND_COUNT,
    { ...showVersions(planned), what: 'The version that services read now' },
  ];
}

const LIST_KEYS: Suggestion = {
  what: 'Every key: its age, its last use, and when it is rotated next',
  command: `${COMMAND_LINE} keys list`,
};
const CALL_AND_COUNT: readonly Suggestion[] = [
  { what: 'An answer through the gateway, signed, without a key', command: COMMANDS.callGateway },
  { what: 'What that has cost, of which budget', command: `${COMMAND_LINE} spend` },
];

function nameOf({ workspace, key }: PlannedKey): string {
  return `${workspace.name}/${key.name}`;
}

function supplyCommand(planned: PlannedKey): string {
  const { workspace, key } = planned;
  const name = `${key.name}-by-hand`;
  const create = `curl -sSf "$MISTRAL_CONSOLE?workspace=${workspace.name}&name=${name}"`;
  return `${create} |\n  ${COMMAND_LINE} keys supply ${nameOf(planned)} --name ${name}`;
}

function showVersions({ secretName }: PlannedKey) {
  const show = `aws secretsmanager describe-secret --secret-id ${secretName}`;
  return { command: `${show} \\\n  --query VersionIdsToStages` };
}

/** Of the account, for AWS CLI 1 and 2, SDKs, and the commands of README and runbook. */
const SETTINGS = [
  ...['AWS_ENDPOINT_URL', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'NO_PROXY', 'no_proxy'],
  ...['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ...['AWS_PAGER', 'GATEWAY_URL', 'MISTRAL_CONSOLE'],
];
/** What would have the CLIs call as someone else, or elsewhere. */
const NOT_HERE =
  'AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS';

/** Indented is what can be pasted; each suggestion has its number in a comment. */
function invitation(
  folder: string,
  settings: NodeJS.ProcessEnv,
  caller: string,
  suggestions: readonly Suggestion[],
): readonly string[] {
  const commands = suggestions.map(({ what, command }, at) => `# ${at + 1}. ${what}\n${command}`);
  return [
    '',
    'deployed. In another shell (bash, AWS CLI 1 or 2):',
    '',
    ...indented(`cd '${folder}'\nunset ${NOT_HERE}`),
    ...SETTINGS.filter((name) => name in settings).map(
      (name) => `  export ${name}='${settings[name]}'`,
    ),
    '',
    'Worth trying, in this order:',
    '',
    ...commands.flatMap(indented),
    '',
    `The gateway takes these credentials for ${caller}; -H '${CALLER_HEADER}: <ARN>' calls it as another.`,
    LAST_LINE,
  ];
}

/** After which all has been printed. */
export const LAST_LINE = '^C here ends all of it.';

function indented(text: string): readonly string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
