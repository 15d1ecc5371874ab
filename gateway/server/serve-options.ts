import { parseArgs } from 'node:util';

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly policyPath: string;
  /** The header whose value is the caller's IAM ARN. */
  readonly callerHeader: string;
  readonly quotaTableName: string;
  readonly alertsTopicArn: string;
}

export type ParsedServeOptions =
  | { readonly kind: 'options'; readonly options: ServeOptions }
  | { readonly kind: 'wrong'; readonly message: string };

export const USAGE = `usage: npm run gateway -- [--port N] [--policy F] [--host H] [--caller-header NAME]
with QUOTA_TABLE_NAME and ALERTS_TOPIC_ARN, outputs of the stack, in the environment`;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const DEFAULT_CALLER_HEADER = 'x-caller-arn';

/** The options from the command line and the environment. */
export function parseServeOptions(
  args: string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedServeOptions {
  const values = read(args);
  if (!values) return wrong(USAGE);
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
  const { QUOTA_TABLE_NAME: quotaTableName, ALERTS_TOPIC_ARN: alertsTopicArn } = environment;
  if (!quotaTableName || !alertsTopicArn) return wrong(USAGE);
  return {
    kind: 'options',
    options: {
      port: Number(port),
      host,
      policyPath: policy,
      callerHeader,
      quotaTableName,
      alertsTopicArn,
    },
  };
}

function read(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: '8787' },
        host: { type: 'string', default: '127.0.0.1' },
        policy: { type: 'string', default: 'governance.yaml' },
        'caller-header': { type: 'string' },
      },
    }).values;
  } catch {
    return undefined; // an unknown option
  }
}

function wrong(message: string): ParsedServeOptions {
  return { kind: 'wrong', message };
}
