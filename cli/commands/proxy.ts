import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  cachedCredentials,
  createRequestSigner,
  regionOf,
} from '../../governance/platform/request-signer.aws.js';
import { countText } from '../../governance/platform/wording.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { type CommandFailure, EXIT, failureOf, wrongInput } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { openPolicy } from '../policy-file.js';
import { addressesOf, clientLines, DUMMY_KEY, environmentOf } from '../proxy/clients.js';
import { keptConnections, type SignedGateway } from '../proxy/gateway-call.js';
import { isLoopback } from '../proxy/incoming.js';
import { createProxyServer } from '../proxy/proxy-server.js';
import { createRequestLines, LIST_PRICES } from '../proxy/request-lines.js';
import { askStanding } from '../proxy/standing.js';
import { headingText, notesText, verdictLine } from '../terminal/style.js';
import { left, renderTable } from '../terminal/table.js';

/** M-I-S-T on a phone: no registered service has it. */
const PORT = 6478;
/** Containers are killed ten seconds after the signal to stop. */
const GRACE_MS = 8000;

interface ProxyOptions extends CommonOptions {
  readonly port: number;
  readonly host: string;
  readonly allowRemote?: boolean;
  readonly gateway?: URL;
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
    .addOption(
      new Option('--gateway <url>', "the gateway (default: the stack's output GatewayUrl)")
        .env('MISTRAL_GATEWAY_URL')
        .argParser(gatewayUrl),
    )
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
  let isStarted = false;
  const { server, drain, inFlight } = createProxyServer({
    gateway,
    binding: { host, isRemoteAllowed: allowRemote },
    ...(options.verbose && {
      watch: createRequestLines({ rules: rulesOf(options.policy), now: cli.now, print: line }),
    }),
    refused({ status, message }) {
      // Once: clients repeat what failed. The first answer says what the question at the start found.
      if (isStarted && !said.has(message)) line(`! ${status} ${message}`);
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
  const standing = await cli.progress.during('asking the gateway who you are', () =>
    askStanding(server.address() as AddressInfo),
  );
  isStarted = true;
  const url = gateway.url.href;
  const notes = [
    ...(isLoopback(host)
      ? []
      : ['every machine that reaches this proxy spends as you: it asks for no password']),
    ...(standing.problem ? [standing.problem] : []),
  ];
  return {
    document: {
      url: addresses.server,
      baseUrl: addresses.base,
      apiKey: DUMMY_KEY,
      gateway: url,
      ...standing,
    },
    exitCode: EXIT.ok,
    text: (style) =>
      verdictLine(
        true,
        `requests to ${addresses.base} are signed for ${url}${standing.caller ? ` as ${standing.caller}, role ${standing.role} in ${standing.workspace}` : ''}`,
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

function printed({ host, port }: ProxyOptions): Answer {
  const environment = environmentOf(addressesOf(host, port));
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}\n`);
  return { document: environment, exitCode: EXIT.ok, text: () => lines.join('') };
}

/** @throws CommandFailure where there is no gateway, or there are no credentials */
async function openGateway(cli: Cli, options: ProxyOptions): Promise<SignedGateway> {
  const agents = await cli.outbound();
  const url = options.gateway ?? (await gatewayOfStack(cli, options));
  const region = regionOf(url) ?? options.region;
  if (region === undefined) {
    throw wrongInput(`no region is known for ${url.host}: name the gateway's with --region`);
  }
  const { profile } = options;
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const provider = defaultProvider({
    ...(profile && { profile }),
    clientConfig: { region, requestHandler: agents },
  });
  const credentials = cachedCredentials(provider, cli.now);
  await credentials.current();
  const outbound = url.protocol === 'https:' ? agents.httpsAgent : agents.httpAgent;
  return {
    ...{ url, credentials },
    signer: createRequestSigner({ region, credentials: credentials.current, now: cli.now }),
    agent: outbound ? () => outbound : keptConnections(url, cli.now),
  };
}

async function gatewayOfStack(cli: Cli, options: CommonOptions): Promise<URL> {
  return cli.progress.during('looking up the stack', async () => {
    const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
    const { findDeployedStack } = await import('../deployed-stack.js');
    const { awsClientOptions } = await import('../mistral.js');
    const client = new CloudFormationClient(awsClientOptions(options, await cli.outbound()));
    return new URL((await findDeployedStack(client, options)).output('GatewayUrl'));
  });
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

function gatewayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
  if (url && isSafe && url.username === '' && url.password === '' && url.search === '') return url;
  throw new InvalidArgumentError("It must be an https URL, such as the stack's output GatewayUrl.");
}
