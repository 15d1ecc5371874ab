import * as http from 'node:http';
import * as https from 'node:https';
import * as tls from 'node:tls';
import { Agent as AgentBase } from 'agent-base';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { Agent, type Dispatcher, Pool, ProxyAgent, setGlobalDispatcher } from 'undici';
import { readAtMost } from './bounded-file.js';
import { unreadText } from './failures.js';
import { type OutboundSettings, proxyFor } from './outbound-settings.js';

/** For processes on people's machines and in their networks: functions go out as Lambda does. */
export interface Outbound {
  /** For every client of AWS. */
  readonly requestHandler: {
    readonly httpAgent: http.Agent;
    readonly httpsAgent: http.Agent;
    readonly connectionTimeout: number;
  };
  /** Kept connections to one origin. */
  connect(origin: string, options?: Pool.Options & { readonly timeoutMs?: number }): Dispatcher;
}

/** Through a proxy, a connection is made twice. */
const CONNECT_MS = 10_000;
/** All of the CAs that browsers know have less than half of one. */
const MOST_MIB = 8;
const CERTIFICATE = /-----BEGIN (TRUSTED )?CERTIFICATE-----/;

/** From now on `fetch` goes out by the settings. @throws Error for a file without certificates */
export function openOutbound(settings: OutboundSettings): Outbound {
  const ca = settings.caFiles.length > 0 ? trusted(settings.caFiles) : undefined;
  const agents = createAgents(settings, ca);

  function connect(
    origin: string,
    { timeoutMs = CONNECT_MS, ...options }: Pool.Options & { readonly timeoutMs?: number } = {},
  ): Dispatcher {
    const connection = { timeout: timeoutMs, ...(ca && { ca }) };
    const uri = proxyFor(new URL(origin), settings);
    if (!uri) return new Pool(origin, { ...options, connect: connection });
    const ways = { requestTls: connection, proxyTls: connection, proxyTunnel: false };
    return new ProxyAgent({ ...options, ...ways, uri });
  }

  setGlobalDispatcher(new Agent({ factory: (origin) => connect(String(origin)) }));
  return { requestHandler: { ...agents, connectionTimeout: CONNECT_MS }, connect };
}

function trusted(files: readonly string[]): string[] {
  return [...tls.rootCertificates, ...files.map(readCertificates)];
}

function readCertificates(path: string): string {
  let text: string;
  try {
    text = readAtMost(path, MOST_MIB).toString('utf8');
  } catch (cause) {
    throw new Error(`the certificates in ${path} could not be read: ${unreadText(cause)}`, {
      cause,
    });
  }
  if (CERTIFICATE.test(text)) return text;
  throw new Error(`${path} holds no certificate in PEM format`);
}

function createAgents(settings: OutboundSettings, ca: string[] | undefined) {
  const options = { keepAlive: true, ...(ca && { ca }) };
  const direct = { http: new http.Agent(options), https: new https.Agent(options) };
  const through = new Map<string, http.Agent>();

  function agentThrough(proxy: string, secure: boolean): http.Agent {
    const name = `${proxy} ${secure}`;
    const Through = secure ? HttpsProxyAgent : HttpProxyAgent;
    const agent = through.get(name) ?? new Through(proxy, options);
    through.set(name, agent);
    return agent;
  }

  class OutboundAgent extends AgentBase {
    async connect(
      _request: http.ClientRequest,
      { secureEndpoint, host, port }: Parameters<AgentBase['connect']>[1],
    ): Promise<http.Agent> {
      const bracketed = host?.includes(':') ? `[${host}]` : host;
      const url = new URL(`${secureEndpoint ? 'https' : 'http'}://${bracketed}:${port}`);
      const proxy = proxyFor(url, settings);
      if (proxy) return agentThrough(proxy, secureEndpoint);
      return secureEndpoint ? direct.https : direct.http;
    }
  }

  const agent = new OutboundAgent(options);
  return { httpAgent: agent, httpsAgent: agent };
}
