import * as z from 'zod';
import { AWS_CLIENT, type AwsClientConfig } from '../platform/aws-client.js';
import type { Log } from '../platform/log.js';
import type { MetricLines } from '../platform/metric-lines.js';
import { ADDED_CALLERS, withAddedCallers } from './added-callers.js';
import type { Policy } from './policy.js';
import { readPolicyFile } from './policy-file.js';

/** What a function is given by the place where it runs: Lambda, or the local world. */
export interface FunctionRuntime {
  /** The environment variables, for the function's own schema to parse. */
  readonly env: unknown;
  readonly policy: Policy;
  /** For every client of AWS that the function makes. */
  readonly aws: AwsClientConfig;
  /** How Mistral is called. @default as its client does by itself */
  readonly mistral?: {
    readonly timeoutMs?: number;
    readonly fetch?: typeof fetch;
    readonly now?: () => Date;
    readonly sleep?: (milliseconds: number) => Promise<unknown>;
  };
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface LoggingRuntime extends FunctionRuntime {
  readonly log: Log;
}

export interface MeasuringRuntime extends LoggingRuntime {
  readonly metrics: MetricLines;
}

const LambdaEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
  [ADDED_CALLERS]: z.string().optional(),
});

/** Lambda's own. Log and metrics are packages: an entry adds those that its function needs. */
export function lambdaRuntime(env: unknown): FunctionRuntime {
  const { LAMBDA_TASK_ROOT: folder, [ADDED_CALLERS]: added } = LambdaEnvSchema.parse(env);
  return {
    env,
    policy: withAddedCallers(readPolicyFile(folder), added),
    aws: AWS_CLIENT,
    now: () => new Date(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  };
}
