import { posix } from 'node:path';

export interface Import {
  /** A package, or a file of this repository from its root. */
  readonly target: string;
  /** Erased by the compiler, so that nothing is loaded or bundled. */
  readonly typeOnly: boolean;
}

export interface Layer {
  readonly name: string;
  readonly files: RegExp;
  readonly may: readonly RegExp[];
  /** Also these, by `import type` only. */
  readonly types?: readonly RegExp[];
  /** Files of the same folder, where the layer is several folders that must not know each other. */
  readonly ownFolder?: boolean;
}

const ZOD = /^zod$/;
const NODE = /^node:/;
const AWS = /^@aws-sdk\//;
const POWERTOOLS = /^@aws-lambda-powertools\//;
const SMITHY = /^@smithy\//;
const DOMAIN = /^lambdas\/domain\//;
const ADAPTERS = /^lambdas\/adapters\//;
const METERING = /^lambdas\/metering\//;
const REMOVAL = /^lambdas\/removal\//;
const ANYTHING = /^/;
const OUTSIDE_TESTS = /^(?!test\/|bench\/)/;

/** Who may import what. The first layer that a file is in governs it. */
export const LAYERS: readonly Layer[] = [
  { name: 'domain', files: DOMAIN, may: [DOMAIN, ZOD] },
  { name: 'adapters', files: ADAPTERS, may: [ADAPTERS, DOMAIN, AWS, SMITHY, ZOD, NODE] },
  {
    name: 'metering, shared by gateway and client',
    files: METERING,
    may: [METERING, DOMAIN, ZOD, NODE],
    types: [ADAPTERS],
  },
  {
    name: 'removal, shared by the two ends of a deploy',
    files: REMOVAL,
    may: [REMOVAL, DOMAIN],
    types: [ADAPTERS],
  },
  {
    name: 'entry of a function, and what it shares with other processes',
    files: /^lambdas\/[^/]+\/(entry|wiring)\.ts$/,
    may: [DOMAIN, ADAPTERS, METERING, AWS, ZOD, NODE, /^@aws-lambda-powertools\//, /^undici$/],
    types: [/^aws-lambda$/],
    ownFolder: true,
  },
  {
    name: 'gateway',
    files: /^lambdas\/gateway\//,
    may: [DOMAIN, METERING, ZOD, NODE, /^undici$/],
    types: [ADAPTERS],
    ownFolder: true,
  },
  {
    name: 'handler and its siblings',
    files: /^lambdas\/[^/]+\//,
    may: [DOMAIN, REMOVAL, ZOD],
    types: [ADAPTERS],
    ownFolder: true,
  },
  {
    name: 'client library',
    files: /^client\//,
    may: [
      /^client\//,
      DOMAIN,
      ADAPTERS,
      METERING,
      AWS,
      SMITHY,
      ZOD,
      NODE,
      /^@mistralai\/mistralai/,
      /^yaml$/,
    ],
  },
  {
    name: 'gateway as a plain server',
    files: /^gateway-server\//,
    may: [
      /^gateway-server\//,
      /^lambdas\//,
      /^lib\/load-policy\.ts$/,
      AWS,
      POWERTOOLS,
      NODE,
      /^undici$/,
    ],
  },
  {
    name: 'constructs',
    files: /^lib\//,
    may: [
      /^lib\//,
      /^aws-cdk-lib(\/|$)/,
      /^constructs$/,
      /^esbuild$/, // for bundles, in a checkout alone
      /^yaml$/,
      ZOD,
      NODE,
      /^lambdas\/domain\/((parse-)?policy|planned-keys|metrics)\.ts$/,
    ],
    // One contract with two ends: environment, verdicts and stories that the state machine names.
    types: [DOMAIN, /^lambdas\/[^/]+\/(env|handler)\.ts$/],
  },
  {
    name: 'command line',
    files: /^cli\//,
    may: [
      /^cli\//,
      DOMAIN,
      ADAPTERS,
      METERING,
      /^lambdas\/gateway\/overflow\.ts$/,
      /^lib\/load-policy\.ts$/,
      /^commander$/,
      /^yaml$/,
      AWS,
      ZOD,
      NODE,
    ],
    types: [/^lambdas\/[^/]+\/handler\.ts$/],
  },
  {
    name: 'start of the command line, built or not',
    files: /^bin\/mistral-governance\.js$/,
    may: [/^(dist\/)?cli\/main\.ts$/, /^tsx\/esm\/api$/, NODE],
  },
  {
    name: 'app, and what builds the package',
    files: /^bin\//,
    may: [/^bin\/bundle-command-line\.ts$/, /^lib\//, /^aws-cdk-lib$/, /^esbuild$/, NODE],
  },
  {
    name: 'example, which sees of this package what it exports',
    files: /^examples\//,
    may: [
      /^examples\//,
      /^aws-cdk-lib(\/|$)/,
      /^constructs$/,
      /^@mistralai\/mistralai$/,
      /^mistral-governance\/(cdk|client)$/,
      NODE,
    ],
  },
  { name: 'local run', files: /^local\//, may: [OUTSIDE_TESTS] },
  {
    name: 'supply chain',
    files: /^supply-chain\//,
    may: [
      /^supply-chain\//,
      /^lib\/bundling\.ts$/,
      /^esbuild$/,
      /^@cyclonedx\/cyclonedx-library$/,
      ZOD,
      NODE,
    ],
  },
  { name: 'end to end', files: /^e2e\//, may: [OUTSIDE_TESTS] },
  { name: 'benchmarks', files: /^bench\//, may: [ANYTHING] },
];

const ENTRY = /\/entry\.ts$/;

/** Each import of a file that its layer does not allow, in words. */
export function violations(file: string, source: string): string[] {
  const layer = LAYERS.find(({ files }) => files.test(file));
  if (!layer) return [`${file} is in no layer`];
  return importsOf(file, source).flatMap(({ target, typeOnly }) => {
    const allowed = mayImport(layer, file, { target, typeOnly });
    return allowed
      ? []
      : [`${file} (${layer.name}) imports ${target}${typeOnly ? ' as type' : ''}`];
  });
}

function mayImport(layer: Layer, file: string, { target, typeOnly }: Import): boolean {
  // Loading an entry reads the environment and makes clients: Lambda alone does that.
  if (ENTRY.test(target) && !file.startsWith('bench/')) return false;
  if (layer.ownFolder && target.startsWith(`${folderOf(file)}/`)) return true;
  const allowed = typeOnly ? [...layer.may, ...(layer.types ?? [])] : layer.may;
  return allowed.some((pattern) => pattern.test(target));
}

/** `lambdas/gateway` of whatever lies in it, however deep. */
function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

const COMMENT = /^\s*(\/\/|\/?\*).*$/gm;
const STATIC =
  /^[ \t]*(?:import|export)[ \t]+(type[ \t])?(?:[\w$*{},\s]+?\bfrom\s*)?(['"])([^'"\n]+)\2/gm;
const CALLED = /\b(?:import|require)\s*\(\s*(?:(['"`])([^'"`\n]*)\1\s*[,)]|[^)\n]*)/g;

/** Every import of a source text: static, for its side effect, passed on, called, or required. */
export function importsOf(file: string, source: string): Import[] {
  const code = source.replaceAll(COMMENT, '');
  const stated = [...code.matchAll(STATIC)].map(([, type, , specifier = '']) => ({
    target: resolve(file, specifier),
    typeOnly: type !== undefined,
  }));
  const called = [...code.matchAll(CALLED)].map(([, , specifier]) => ({
    target: specifier === undefined ? 'what it computes' : resolve(file, specifier),
    typeOnly: false,
  }));
  return [...stated, ...called];
}

function resolve(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}
