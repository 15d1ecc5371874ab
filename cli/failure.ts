import { AdminKeyError, MistralError } from '../governance/platform/errors.js';
import { messageOf } from '../governance/platform/failures.js';
import { trustHint } from '../governance/platform/outbound-settings.js';
import type { PolicyError } from '../governance/policy/policy-problem.js';

/** How a script can tell how a command ended. The codes never change their meaning. */
export const EXIT = {
  ok: 0,
  /** The answer is no: a refusal, a finding, or something that failed. */
  no: 1,
  /** Wrong usage or invalid input, such as a policy with errors. */
  wrong: 2,
  /** AWS, the deployed stack or Mistral could not be reached, or rejected the credentials. */
  unreachable: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0    success, or the answer is yes
  1    the answer is no: a refusal, a finding, or something that failed
  2    wrong usage or invalid input, such as a policy with errors
  3    AWS, the deployed stack or Mistral could not be reached, or rejected the credentials
  130  interrupted with ^C`;

export interface FailureDetails {
  /** Each of several problems, or of several steps to take. */
  readonly problems?: readonly string[] | undefined;
  /** Where in a policy its problems are. */
  readonly policyError?: PolicyError;
  /** What was done before the failure, so that a script can continue from there. */
  readonly done?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Why a command has no answer. Scripts rely on the code: it never changes its meaning. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';

  constructor(
    readonly code: string,
    readonly exitCode: ExitCode,
    message: string,
    readonly details: FailureDetails = {},
  ) {
    super(message, { cause: details.cause });
  }
}

export function wrongInput(message: string, details?: FailureDetails): CommandFailure {
  return new CommandFailure('wrong_input', EXIT.wrong, message, details);
}

/** A failure after part of the work was done, with the next step. */
export function failureAfter(
  cause: unknown,
  done: Readonly<Record<string, unknown>>,
  next: string,
  what = '',
): CommandFailure {
  const { code, exitCode, message, details } = failureOf(cause);
  const { problems } = details;
  return new CommandFailure(code, exitCode, `${what}${message}; ${next}`, {
    problems,
    done,
    cause,
  });
}

/** Any error as a failure with a code. */
export function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  const message = messageOf(error);
  const name = error instanceof Error ? error.name : typeof error;
  const unreachable = (code: string, text: string) =>
    new CommandFailure(code, EXIT.unreachable, text, { cause: error });

  if (error instanceof AdminKeyError) return unreachable('admin_key', message);
  if (error instanceof MistralError) {
    return unreachable('mistral_unreachable', `Mistral: ${message}`);
  }
  if (/^region (is missing|not accepted)/i.test(message)) {
    const what = `no AWS region: name one with --region or AWS_REGION (${message})`;
    return unreachable('no_region', what);
  }
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    const isSso = name === 'TokenProviderError' || /\bsso\b/i.test(message);
    const how = isSso ? 'run: aws sso login' : 'sign in';
    const what = `no AWS credentials: ${how}, or name a profile with --profile (${message})`;
    return unreachable('no_credentials', what);
  }
  if (isFromAws(error) && /^Unknown(Error)?$/.test(name)) {
    const status = error.$metadata?.httpStatusCode ?? 'no';
    const what = `AWS could not be reached: the answer (status ${status}) is not from AWS; it may be from your proxy`;
    return unreachable('aws_unreachable', what);
  }
  if (isFromAws(error)) return unreachable('aws_refused', `AWS: ${name}: ${message}`);
  if (name === 'TimeoutError' || isFromNetwork(error)) {
    const hint = trustHint(codeOf(error));
    return unreachable('aws_unreachable', `AWS could not be reached: ${message.trimEnd()}${hint}`);
  }
  return new CommandFailure('failed', EXIT.no, message || name, { cause: error });
}

/** The SDK marks errors that a service answered with. */
function isFromAws(
  error: unknown,
): error is { readonly $metadata?: { readonly httpStatusCode?: number } } {
  return typeof error === 'object' && error !== null && '$fault' in error;
}

function isFromNetwork(error: unknown): boolean {
  return /^(ECONN|ENOTFOUND|ETIMEDOUT|EAI_|EPIPE|EHOSTUNREACH|ENETUNREACH|ERR_TLS|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(
    codeOf(error),
  );
}

/** No key is shorter. */
const MIN_KEY_LENGTH = 16;

/**
 * What the parser reports, without words that may be a key: a key may be pasted in the wrong place, and
 * terminal output ends up in logs.
 */
export function wrongUse(message: string, typed: readonly string[]): CommandFailure {
  const what = withoutKeys(message, typed)
    .replace(/^error: |\.$/g, '')
    .replaceAll(/\s*\n/g, ' ');
  return new CommandFailure('wrong_use', EXIT.wrong, `${what}; see --help`);
}

function withoutKeys(message: string, typed: readonly string[]): string {
  return typed.reduce((text, argument) => {
    const [, option = argument, value = ''] = /^(-[^=]*)=(.*)$/s.exec(argument) ?? [];
    return text
      .replaceAll(`'${argument}'`, () => quotedUnlessKey(option))
      .replaceAll(`'${value}'`, () => quotedUnlessKey(value));
  }, message);
}

function quotedUnlessKey(word: string): string {
  return word.length < MIN_KEY_LENGTH ? `'${word}'` : 'what was given';
}

function codeOf(error: unknown): string {
  return String(typeof error === 'object' && error !== null && 'code' in error ? error.code : '');
}
