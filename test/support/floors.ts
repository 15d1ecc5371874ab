import { posix } from 'node:path';

export interface Import {
  /** A package, or a file of this repository from its root. */
  readonly target: string;
  /** Erased by the compiler, so that nothing is loaded or bundled. */
  readonly typeOnly: boolean;
}

/**
 * The house from the ground up: a room imports from itself and from the floors below it, and not from
 * rooms beside it. Types count like values.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ['governance/platform'],
  ['governance/prices'],
  ['governance/policy'],
  ['governance/mistral', 'governance/alerts', 'governance/access'],
  ['governance/keys', 'governance/quotas', 'governance/objects', 'governance/ledger'],
  ['governance/metering'],
  ['governance/spend', 'governance/audit', 'governance/changes'],
  ['gateway'],
  ['lambdas'],
  ['testing'],
  ['demo', 'e2e'],
];

/** Folders beside the floors: each lists everything that it may import from this repository. */
const WINGS: Readonly<Record<string, readonly RegExp[]>> = {
  lib: [
    /^governance\/(policy|prices|platform)\//,
    // One contract with two ends: variables, verdicts and events that a state machine names.
    /^types: (governance|lambdas\/[^/]+\/(wiring|handler)\.ts$)/,
  ],
  cli: [/^governance\//, /^gateway\/(?!server\/)/, /^types: lambdas\/[^/]+\/handler\.ts$/],
  client: [/^governance\//],
  bin: [
    /^governance\/policy\//,
    /^supply-chain\//,
    /^lib\//,
    /^cli\/costs\//,
    /^(dist\/)?cli\/main\.ts$/,
  ],
  'supply-chain': [/^lib\/platform\/bundling\.ts$/, /^governance\/platform\//],
  examples: [],
  bench: [/^/],
  oracles: [/^(e2e|testing|lambdas|governance)\//],
};

/** These may also import the folders beside the floors, to run and call them. */
const ALSO_FROM_WINGS: Readonly<Record<string, RegExp>> = {
  testing: /^lib\//,
  demo: /^(lib|cli)\//,
  e2e: /^(lib|cli|client)\//,
};

interface PackageRule {
  readonly files: RegExp;
  readonly may: readonly RegExp[];
  readonly rule: string;
}

const ZOD = /^zod$/;
const NODE = /^node:/;
const AWS = /^@(aws-sdk|smithy)\//;
const POWERTOOLS = /^@aws-lambda-powertools\//;
const YAML = /^yaml$/;
const MISTRAL_SDK = /^@mistralai\/mistralai(\/|$)/;
const CDK = /^(aws-cdk-lib(\/|$)|constructs$)/;

/** Packages and modules of Node; the first row that a file matches governs it. */
const PACKAGES: readonly PackageRule[] = [
  {
    files: /^governance\/.*\.aws\.ts$/,
    may: [AWS, ZOD, NODE],
    rule: 'a file that speaks to AWS imports its SDK, zod and modules of Node',
  },
  {
    files:
      /^governance\/(mistral\/mistral-http|platform\/(bounded-file|package-version)|policy\/(load-policy|policy-file|policy-yaml|policy-places|yaml-syntax))\.ts$/,
    may: [ZOD, NODE, YAML],
    rule: 'only these of all governance files reach out of the process, but not to AWS',
  },
  {
    files: /^governance\/platform\/outbound\.ts$/,
    may: [NODE, /^(undici|agent-base|https?-proxy-agent)$/],
    rule: 'the way out through proxies imports their agents',
  },
  {
    files:
      /^governance\/(access\/caller-name|metering\/(cache-name|request-body|batch\/batch-line|forms\/(form-reader|part-head)))\.ts$/,
    may: [/^node:(crypto|buffer)$/],
    rule: 'a hash is a decision too, and a check of UTF-8: only Node has fast ones',
  },
  { files: /^governance\//, may: [ZOD], rule: 'a decision imports no package but zod' },
  {
    files: /^(gateway\/(wiring|server\/main)|lambdas\/[^/]+\/(entry|wiring))\.ts$/,
    may: [AWS, POWERTOOLS, ZOD, NODE],
    rule: 'entries and wiring alone make clients of AWS',
  },
  {
    files: /^gateway\//,
    may: [ZOD, NODE, /^undici$/],
    rule: 'the gateway speaks HTTP, and knows no SDK',
  },
  {
    files: /^lambdas\/gateway\//,
    may: [ZOD, /^types: (node:|aws-lambda$)/],
    rule: 'the shell of the function URL knows Node by its types',
  },
  { files: /^lambdas\//, may: [ZOD], rule: 'a handler imports no package but zod' },
  {
    files: /^client\//,
    may: [AWS, MISTRAL_SDK, YAML, ZOD, NODE],
    rule: 'the client library brings no package but the SDKs that it wraps',
  },
  {
    files: /^cli\/terminal\//,
    may: [/^(string-width|ora|@inquirer\/prompts)$/, NODE],
    rule: 'what draws on a terminal imports only the packages for that',
  },
  {
    files: /^cli\//,
    may: [AWS, /^(commander|csv-(parse|stringify)\/sync|fflate\/browser)$/, YAML, ZOD, NODE],
    rule: 'the command line has the packages that docs/command-line.md names',
  },
  {
    files: /^lib\//,
    may: [CDK, /^esbuild$/, YAML, ZOD, NODE],
    rule: 'constructs import the CDK, and esbuild in a checkout alone',
  },
  {
    files: /^examples\//,
    may: [CDK, MISTRAL_SDK, /^mistral-governance\/(cdk|client)$/, NODE],
    rule: 'an example sees of this package what it exports',
  },
];

const ENTRY = /\/entry\.ts$/;

/** Each import of a file that breaks a rule, with the rule. */
export function violations(file: string, source: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [`${file} is in no room`];
  return importsOf(file, source).flatMap((found) => {
    const rule = brokenRule(file, room, found);
    return rule === undefined
      ? []
      : [`${file} imports ${found.target}${found.typeOnly ? ' as type' : ''}: ${rule}`];
  });
}

function brokenRule(file: string, room: string, found: Import): string | undefined {
  if (roomOf(found.target) === undefined) return brokenPackageRule(file, found);
  const { target } = found;
  // Loading an entry reads the environment and creates clients: only Lambda does that.
  if (ENTRY.test(target) && room !== 'bench') return 'no file imports an entry';
  if (room === 'lambdas') return brokenFunctionRule(file, target);
  return roomOf(target) === room ? undefined : brokenRoomRule(room, found);
}

function brokenPackageRule(file: string, found: Import): string | undefined {
  const governing = PACKAGES.find(({ files }) => files.test(file));
  if (governing === undefined) return undefined;
  return allows(governing.may, found) ? undefined : governing.rule;
}

/** A function imports its own folder and the floors below the functions. */
function brokenFunctionRule(file: string, target: string): string | undefined {
  const [, folder] = file.split('/');
  if (target.startsWith('lambdas/')) {
    return target.startsWith(`lambdas/${folder}/`) ? undefined : 'a function imports no other';
  }
  if (roomOf(target) === 'gateway') {
    return folder === 'gateway' ? undefined : 'only its function imports the gateway';
  }
  return floorOf(roomOf(target)) === undefined ? NOT_ON_THE_FLOORS : undefined;
}

const NOT_ON_THE_FLOORS = 'no floor imports what stands beside them';

function brokenRoomRule(room: string, found: Import): string | undefined {
  const { target } = found;
  const wing = WINGS[room];
  if (wing !== undefined) {
    return allows(wing, found) ? undefined : `${room} may import only what its wing names`;
  }
  const [own, other] = [floorOf(room), floorOf(roomOf(target))];
  if (own === undefined || other === undefined) {
    return ALSO_FROM_WINGS[room]?.test(target) ? undefined : NOT_ON_THE_FLOORS;
  }
  if (other < own) return undefined;
  return other === own ? 'rooms of one floor do not know each other' : 'a floor imports none above';
}

function allows(patterns: readonly RegExp[], { target, typeOnly }: Import): boolean {
  return patterns.some(
    (pattern) => pattern.test(target) || (typeOnly && pattern.test(`types: ${target}`)),
  );
}

/** The room of a file; `undefined` for a package, and for a file that is in none. */
function roomOf(path: string): string | undefined {
  const [top = '', below = '', more] = path.split('/');
  if (!/\.[cm]?[jt]s$/.test(path)) return undefined;
  const room = top === 'governance' ? `${top}/${below}` : top;
  if (top === 'lambdas' && more === undefined) return undefined;
  return floorOf(room) !== undefined || Object.hasOwn(WINGS, room) ? room : undefined;
}

function floorOf(room: string | undefined): number | undefined {
  const floor = FLOORS.findIndex((rooms) => room !== undefined && rooms.includes(room));
  return floor === -1 ? undefined : floor;
}

/** Import cycles, one line each, types included. */
export function circles(files: readonly { file: string; text: string }[]): string[] {
  const imports = new Map(
    files.map(({ file, text }) => [file, importsOf(file, text).map(({ target }) => target)]),
  );
  const finished = new Set<string>();
  const found: string[] = [];
  function visit(file: string, path: readonly string[]): void {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (finished.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    finished.add(file);
  }
  for (const file of imports.keys()) visit(file, []);
  return found;
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
