import { parseArgs } from 'node:util';
import { type AlertsEnv, AlertsEnvSchema } from '../../governance/alerts/alert-origin.js';

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly policyPath: string;
  /** The header whose value is the caller's IAM ARN. */
  readonly callerHeader: string;
  readonly quotaTableName: string;
  /** Without it, requests about files, conversations and batch jobs are refused. */
  readonly objectsTableName: string | undefined;
  readonly alertsEnv: AlertsEnv;
}

export type ParsedServeOptions =
  | { readonly kind: 'options'; readonly options: ServeOptions }
  | { readonly kind: 'wrong'; readonly message: string };

const USAGE = 'usage: npm run gateway -- [--port N] [--policy F] [--host H] [--caller-header NAME]';
const OPTIONS = {
  port: { type: 'string', default: '8787' },
  host: { type: 'string', default: '127.0.0.1' },
  policy: { type: 'string', default: 'governance.yaml' },
  'caller-header': { type: 'string' },
} as const;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const DEFAULT_CALLER_HEADER = 'x-caller-arn';

/** The options from the command line and the environment. */
export function parseServeOptions(
  args: string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedServeOptions {
  const misused = misuseIn(args);
  if (misused !== undefined) return wrong(`${misused}; ${USAGE}`);
  const { values } = parseArgs({ args, options: OPTIONS });
  const { port, host, policy, 'caller-header': header } = values;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return wrong(`--port must be a number from 0 to 65535, got "${port}"`);
  }
  if (header === undefined && !LOOPBACK.has(host)) {
    return wrong(
      `--host ${host} is reachable from other machines: set --caller-header to the header that your authenticating proxy sets, and that clients cannot set`,
    );
  }
  const callerHeader = header ?? DEFAULT_CALLER_HEADER;
  if (!/^[\w-]+$/.test(callerHeader)) {
    return wrong(`--caller-header must be the name of a header, got "${callerHeader}"`);
  }
  const { QUOTA_TABLE_NAME: quotaTableName, OBJECTS_TABLE_NAME: objectsTableName } = environment;
  const alertsEnv = AlertsEnvSchema.safeParse(environment);
  if (!quotaTableName)
    return wrong('QUOTA_TABLE_NAME is not set: it is the output QuotaTableName of the stack');
  if (!alertsEnv.success) {
    return wrong('ALERTS_TOPIC_ARN is not set: it is the output AlertsTopicArn of the stack');
  }
  return {
    kind: 'options',
    options: {
      port: Number(port),
      host,
      policyPath: policy,
      callerHeader,
      quotaTableName,
      objectsTableName: objectsTableName || undefined,
      alertsEnv: alertsEnv.data,
    },
  };
}

/** What is wrong with the form of the arguments. Their values are not repeated: one may be a key. */
function misuseIn(args: string[]): string | undefined {
  const { tokens } = parseArgs({ args, options: OPTIONS, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') return 'only options are allowed';
    if (token.kind !== 'option') continue;
    const { rawName, name, value } = token;
    if (!(name in OPTIONS)) return `unknown option ${rawName}`;
    if (value === undefined || value.startsWith('-')) return `${rawName} needs a value`;
  }
  return undefined;
}

function wrong(message: string): ParsedServeOptions {
  return { kind: 'wrong', message };
}
