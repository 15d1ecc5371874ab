import { AdminKeyError, MistralError } from '../governance/platform/errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';

export interface FailureDetails {
  /** Each of several things that are wrong. */
  readonly problems?: readonly string[];
  /** What was done before, for whoever goes on from there. */
  readonly done?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Why a command gives no answer. Codes are for scripts: they never change their meaning. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly problems: readonly string[] | undefined;
  readonly done: Readonly<Record<string, unknown>> | undefined;

  constructor(
    readonly code: string,
    readonly exitCode: ExitCode,
    message: string,
    { problems, done, cause }: FailureDetails = {},
  ) {
    super(message, { cause });
    this.problems = problems;
    this.done = done;
  }
}

export function wrongInput(message: string, details?: FailureDetails): CommandFailure {
  return new CommandFailure('wrong_input', EXIT.wrong, message, details);
}

/** What went wrong after something was done, with what to do now. */
export function failureAfter(
  error: unknown,
  done: Readonly<Record<string, unknown>>,
  next: string,
): CommandFailure {
  const { code, exitCode, message, problems } = failureOf(error);
  return new CommandFailure(code, exitCode, `${message}; ${next}`, {
    ...(problems && { problems }),
    done,
    cause: error,
  });
}

/** What went wrong anywhere below, as a failure with a code. */
export function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  const message = messageOf(error);
  const failure = (code: string, exitCode: ExitCode, text: string) =>
    new CommandFailure(code, exitCode, text, { cause: error });

  if (error instanceof AdminKeyError) return failure('admin_key', EXIT.unreachable, message);
  if (error instanceof MistralError) {
    return failure('mistral_unreachable', EXIT.unreachable, `Mistral: ${message}`);
  }
  if (/^region (is missing|not accepted)/i.test(message)) {
    return failure(
      'no_region',
      EXIT.unreachable,
      `no AWS region: name one with --region or AWS_REGION (${message})`,
    );
  }
  if (isNamed(error, 'CredentialsProviderError', 'TokenProviderError')) {
    return failure(
      'no_credentials',
      EXIT.unreachable,
      `no AWS credentials: sign in, or name a profile with --profile (${message})`,
    );
  }
  if (isFromAws(error))
    return failure('aws_refused', EXIT.unreachable, `AWS: ${nameOf(error)}: ${message}`);
  if (isFromNetwork(error))
    return failure('aws_unreachable', EXIT.unreachable, `AWS could not be reached: ${message}`);
  return failure('failed', EXIT.no, message || nameOf(error));
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

/** Errors of the SDK carry what the service answered with. */
function isFromAws(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$fault' in error;
}

function isFromNetwork(error: unknown): boolean {
  if (isNamed(error, 'TimeoutError')) return true;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return /^(ECONN|ENOTFOUND|ETIMEDOUT|EAI_|EPIPE|EHOSTUNREACH|ENETUNREACH|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(
    String(code),
  );
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(nameOf(error));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
