import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { countText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli } from '../cli.js';
import { type CommandFailure, EXIT, failureOf, wrongInput } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { openPolicy } from '../policy-file.js';
import { addressesOf, clientLines, DUMMY_KEY, environmentOf } from '../proxy/clients.js';
import { isLoopback } from '../proxy/incoming.js';
import { type GatewayOptions, gatewayOption, openGateway } from '../proxy/open-gateway.js';
import { createProxyServer } from '../proxy/proxy-server.js';
import type { Refusal } from '../proxy/refusal.js';
import { createRequestLines, LIST_PRICES } from '../proxy/request-lines.js';
import { askStanding, type Standing } from '../proxy/standing.js';
import { headingText, notesText, verdictLine } from '../terminal/style.js';
import { left, renderTable } from '../terminal/table.js';

/** M-I-S-T on a phone: no registered service has it. */
const PORT = 6478;
/** Containers are killed ten seconds after the signal to stop. */
const GRACE_MS = 8000;

interface ProxyOptions extends GatewayOptions {
  readonly port: number;
  readonly host: string;
  readonly allowRemote?: boolean;
  readonly print?: 'env';
  readonly verbose?: boolean;
}

export function registerProxy(program: Command, cli: Cli): void {
  program
    .command('proxy')
    .description('sign requests of clients on this machine for the deployed gateway')
    .option('--port <port>', 'where it listens', port, PORT)
    .option(
      '--host <address>',
      'where it listens, with --allow-remote if not on loopback',
      '127.0.0.1',
    )
    .option('--allow-remote', 'let other machines use it: they spend as you')
    .addOption(gatewayOption())
    .addOption(new Option('--print <what>', 'print exports for a shell, and end').choices(['env']))
    .option('--verbose', 'print a line for each request: status, model, tokens and cost')
    .addHelpText('after', HELP)
    .action(action(cli, proxy));
}

const HELP = `
For clients that have a base URL and a key, and cannot sign: they need no key of Mistral's. Requests are signed
with AWS's default credentials, which are renewed before they expire. Credentials of the client are dropped.
It listens on 127.0.0.1, and refuses requests of pages in a browser. Nothing is stored, no body is logged.

Ends on ^C, once requests in flight are answered, at most 8 seconds later.

Examples:
  $ mistral-governance proxy --profile dev
  $ mistral-governance proxy --gateway https://abc.lambda-url.eu-west-1.on.aws/ --verbose
  $ eval "$(mistral-governance proxy --print env)"`;

async function proxy(cli: Cli, options: ProxyOptions): Promise<Answer> {
  const { host, port, print, allowRemote = false } = options;
  if (print) return printed(options);
  if (!isLoopback(host) && !allowRemote) {
    throw wrongInput(
      `--host ${host} lets every machine that reaches it spend as you: add --allow-remote if you want that`,
    );
  }
  const gateway = await openGateway(cli, options);
  const line = (text: string) => cli.progress.line(text);
  const said = new Set<string>();
  const { server, drain, inFlight } = createProxyServer({
    gateway,
    binding: { host, isRemoteAllowed: allowRemote },
    ...(options.verbose && {
      watch: createRequestLines({ rules: rulesOf(options.policy), now: cli.now, print: line }),
    }),
    refused({ status, message }) {
      // Once: clients repeat what failed.
      if (!said.has(message)) line(`! ${status} ${message}`);
      if (said.size < 1000) said.add(message);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, host, port)));
    server.listen(port, host, resolve);
  });
  cli.onInterrupt(async () => {
    if (inFlight() > 0)
      line(`waiting for ${countText(inFlight(), 'request')} in flight; ^C again cuts`);
    await drain(GRACE_MS);
  });

  const addresses = addressesOf(host, (server.address() as AddressInfo).port);
  const asked = await cli.progress.during('asking the gateway who you are', () =>
    askStanding(gateway),
  );
  const { caller, role, workspace, problem } = knownOf(asked);
  if (problem) said.add(problem); // the answer of the command says it
  const url = gateway.url.href;
  const notes = [
    ...(isLoopback(host)
      ? []
      : ['every machine that reaches this proxy spends as you: it asks for no password']),
    ...(problem ? [problem] : []),
  ];
  return {
    document: {
      url: addresses.server,
      baseUrl: addresses.base,
      apiKey: DUMMY_KEY,
      gateway: url,
      ...{ caller, role, workspace, problem },
    },
    exitCode: EXIT.ok,
    text: (style) =>
      verdictLine(
        true,
        `requests to ${addresses.base} are signed for ${url}${caller ? ` as ${caller}, role ${role} in ${workspace}` : ''}`,
        style,
      ) +
      notesText(notes, style) +
      headingText('paste into the client', style) +
      renderTable(clientLines(addresses), style, [
        left('client', ([client]) => client),
        left('', ([, text]) => text),
      ]),
  };
}

/** A gateway of an earlier version does not know the question, which is no problem of requests. */
function knownOf(asked: Standing | Refusal): Partial<Standing> & { readonly problem?: string } {
  if (!('code' in asked)) return asked;
  return asked.code === 'endpoint_not_allowed' ? {} : { problem: asked.message };
}

function printed({ host, port }: ProxyOptions): Answer {
  const environment = environmentOf(addressesOf(host, port));
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}\n`);
  return { document: environment, exitCode: EXIT.ok, text: () => lines.join('') };
}

function rulesOf(policyPath: string) {
  return existsSync(policyPath) ? openPolicy(policyPath) : LIST_PRICES;
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): CommandFailure {
  const problem = {
    EADDRINUSE: `port ${port} of ${host} is in use: stop what listens there, or choose another --port`,
    EACCES: `port ${port} needs privileges: choose a --port from 1024 on`,
    EADDRNOTAVAIL: `--host ${host} is not an address of this machine`,
    ENOTFOUND: `--host ${host} is not an address of this machine`,
  }[error.code ?? ''];
  return problem === undefined ? failureOf(error) : wrongInput(problem, { cause: error });
}

function port(text: string): number {
  const value = wholeNumber(text);
  if (value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a port, 0 to 65535.');
}
