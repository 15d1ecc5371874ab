import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { policyDocument } from '../../e2e/sdks/account.js';
import { checkAnswers } from '../../e2e/sdks/answers.js';
import { startPypiClients } from '../../e2e/sdks/pypi-clients.js';
import { runnerFor } from '../../e2e/sdks/run.js';
import { type StartShell, startSdkServer } from '../../e2e/sdks/server.js';
import { SMALL } from '../../e2e/sdks/tasks.js';
import { CACHE as E2E_CACHE, installTools, SDK_PACKAGES } from '../../e2e/tools.js';
import { installedFrom } from '../npm-install.js';
import { type Finding, judge, type Oracle, type OracleRun, type Verdict } from '../oracle.js';
import { ACKNOWLEDGED } from './acknowledged.js';
import { type MistralDocument, mistralDocument, withOurs } from './document.js';
import { startFunctionUrl } from './function-url.js';
import { startPrism } from './prism.js';
import { type Exchange, openTap } from './tap.js';

const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'oracles');
const { env } = process;
const SHELLS: Readonly<Record<string, StartShell | undefined>> = {
  'plain server': undefined,
  'function URL': startFunctionUrl,
};

/** All that a check of one shell needs. */
interface Parts extends OracleRun {
  readonly prism: string;
  readonly document: MistralDocument;
  readonly folder: string;
  readonly pypi: Awaited<ReturnType<typeof startPypiClients>>;
}

/** Mistral's own OpenAPI document on both sides of the gateway, while the SDKs call it. */
export const PRISM: Oracle = {
  name: 'prism',
  async run(run) {
    const folder = mkdtempSync(join(tmpdir(), 'governance-prism-'));
    run.onStart(() => rmSync(folder, { recursive: true, force: true }));
    const prism = installedFrom(join(import.meta.dirname, 'npm'), CACHE);
    const tools = await installTools(E2E_CACHE, env, SDK_PACKAGES);
    const [document, pypi] = await Promise.all([
      mistralDocument(tools, CACHE),
      startPypiClients(env, run.onStart),
    ]);
    const parts: Parts = { ...run, prism, document, folder, pypi };
    const found = await Promise.all(
      Object.entries(SHELLS).map(([shell, start]) => checkShell(shell, start, parts)),
    );
    const { findings, acknowledged } = judge(
      found.flatMap((one) => one.findings),
      ACKNOWLEDGED,
    );
    const exchanges = found.reduce((sum, one) => sum + one.exchanges, 0);
    const verdict: Verdict = {
      ...{ tool: 'Prism', version: versionOf(prism), findings, acknowledged },
      checked: `${exchanges} exchanges of both shells, with callers and with Mistral`,
      notes: [
        `against ${document.source}`,
        'with "governance" in the models that callers list, which is ours',
      ],
    };
    return [verdict];
  },
};

async function checkShell(shell: string, startShell: StartShell | undefined, parts: Parts) {
  const { onStart, prism, document, pypi } = parts;
  const folder = join(parts.folder, shell.replaceAll(' ', '-'));
  mkdirSync(folder);
  const between = async (side: string, checked: object, upstream: string) => {
    const path = join(folder, `${side}.json`);
    writeFileSync(path, JSON.stringify(checked));
    return openTap(await startPrism(prism, path, upstream, onStart), onStart);
  };

  let upstream: Tap | undefined;
  const server = await startSdkServer(policyDocument(), folder, env, onStart, {
    async mistralAt(url) {
      upstream = await between('mistral', document.document, url);
      return upstream.url;
    },
    ...(startShell && { startShell }),
  });
  const front = await between('caller', withOurs(document.document), server.url);
  const missed = await missedAt(shell, front, upstream);
  const faults = await checkAnswers(runnerFor(front.url, pypi));

  const known = pathsOf(document);
  const findings = [
    ...missed,
    ...faults.map(({ expected, ...given }) => ({
      ...{
        at: `${shell}, ${expected}`,
        what: `not answered as expected: ${JSON.stringify(given)}`,
      },
    })),
    ...front.exchanges.flatMap((one) => violationsOf(one, `${shell}, with the caller`, known)),
    ...(upstream?.exchanges ?? []).flatMap((one) =>
      violationsOf(one, `${shell}, with Mistral`, known),
    ),
  ];
  return { findings, exchanges: front.exchanges.length + (upstream?.exchanges.length ?? 0) };
}

type Tap = Awaited<ReturnType<typeof openTap>>;

/** Whether Prism objects at all, on both sides, to a field that Mistral does not have. */
async function missedAt(shell: string, ...taps: (Tap | undefined)[]): Promise<readonly Finding[]> {
  const body = JSON.stringify({ model: SMALL, input: 'text', invented: true });
  const headers = { authorization: 'Bearer none', 'content-type': 'application/json' };
  const missed = taps.map(async (tap, side) => {
    await (await fetch(`${tap?.url}/v1/embeddings`, { method: 'POST', headers, body })).text();
    const at = tap?.exchanges.findIndex(({ violations }) => /'invented'/.test(violations.join()));
    if (at !== undefined && at >= 0) {
      tap?.exchanges.splice(at, 1);
      return [];
    }
    const what = 'no objection to a field that Mistral does not have';
    return [{ at: `${shell}, Prism ${side}`, what }];
  });
  return (await Promise.all(missed)).flat();
}

type Paths = ReturnType<typeof pathsOf>;

/** Each path of the document as it is written there, with checks of its events. */
function pathsOf({ document, events }: MistralDocument) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'mistral', components: document.components });
  const checks = new Map(
    [...events].map(([operation, schema]) => [operation, ajv.compile(inDocument(schema))] as const),
  );
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  }));
  return {
    written: (path: string) =>
      templates.find(({ pattern }) => pattern.test(path))?.template ?? path,
    checkOf: (operation: string) => checks.get(operation),
  };
}

function inDocument(schema: unknown): object {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"mistral#/components/');
  return JSON.parse(text);
}

function violationsOf(exchange: Exchange, where: string, paths: Paths): readonly Finding[] {
  const operation = `${exchange.method} ${paths.written(exchange.path)}`;
  const at = `${where}: ${operation}`;
  const check = paths.checkOf(operation);
  const wrong = exchange.events.flatMap((event) => {
    if (check === undefined || check(event)) return [];
    return (check.errors ?? []).map(
      ({ instancePath, message }) => `event${instancePath} ${message}`,
    );
  });
  return [...exchange.violations, ...wrong].map((what) => ({ at, what: withoutNumbers(what) }));
}

/** What is wrong with each of many is one finding. */
const withoutNumbers = (what: string) => what.replaceAll(/[./]\d+(?=[./: ])/g, '.*');

function versionOf(folder: string): string {
  const lock = readFileSync(join(folder, 'package.json'), 'utf8');
  return JSON.parse(lock).dependencies['@stoplight/prism-cli'];
}
