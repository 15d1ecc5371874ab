import { InvalidArgumentError, Option } from 'commander';
import {
  cachedCredentials,
  createRequestSigner,
  regionOf,
} from '../../governance/platform/request-signer.aws.js';
import type { Cli, CommonOptions } from '../cli.js';
import { wrongInput } from '../failure.js';
import { keptConnections, type SignedGateway } from './gateway-call.js';
import { isLoopback } from './incoming.js';

export interface GatewayOptions extends CommonOptions {
  readonly gateway?: URL;
}

export function gatewayOption(): Option {
  return new Option('--gateway <url>', "the gateway (default: the stack's output GatewayUrl)")
    .env('MISTRAL_GATEWAY_URL')
    .argParser(gatewayUrl);
}

function gatewayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
  if (url && isSafe && url.username === '' && url.password === '' && url.search === '') return url;
  throw new InvalidArgumentError("It must be an https URL, such as the stack's output GatewayUrl.");
}

/** @throws CommandFailure where there is no gateway, or there are no credentials */
export async function openGateway(cli: Cli, options: GatewayOptions): Promise<SignedGateway> {
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
