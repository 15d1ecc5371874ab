import * as z from 'zod';
import { countText, quoted } from '../platform/wording.js';

const IAM_PRINCIPAL = /^arn:aws[a-z-]*:iam::\d{12}:(root|(role|user)\/[\w+=,.@/*?-]+)$/;
const ASSUMED_ROLE = /^arn:aws[a-z-]*:sts::(\d{12}|\*):assumed-role\/[\w+=,.@*?-]+\/[\w+=,.@*?-]+$/;
const IAM_PATTERN = /^arn:aws[a-z-]*:iam::(\d{12}|\*):(role|user)\/[\w+=,.@/*?-]+$/;

export const UUID_RULE = 'must be a UUID such as 3f2b6f0e-7f0a-4d53-9a39-0b7a51c0d9c1';

/** Every object has members of these names, which would be taken for entries of a list by name. */
export const NOT_RESERVED = [
  (name: string): boolean => !(name in Object.prototype),
  { error: 'is a name that every JavaScript object has, must be another one' },
] as const;

/** Readers of such a secret would take the end of its name for the random suffix of its ARN. */
export function arnSuffixProblem(name: string): string | undefined {
  const [, start, end] = /^(.*)-([A-Za-z0-9]{6})$/.exec(name) ?? [];
  if (end === undefined) return undefined;
  return `ends in a hyphen and six characters, which Secrets Manager takes for the suffix it adds to ARNs: choose another ending, for example ${quoted(`${start}_${end}`)}`;
}

/** The exact id of a model, or an alias. */
export const ModelIdSchema = z
  .string()
  .min(1)
  .refine(...NOT_RESERVED);

/** One of several; `*` alone stands for all. */
export const ListedModelSchema = ModelIdSchema.refine((id) => !id.includes('*'), {
  error:
    'has a "*", and models are listed by their exact names: to allow all, write "*" without a list',
});

/** A principal that a resource policy can name: an account is needed, so that it trusts no other. */
export const ReaderArnSchema = z.string().regex(IAM_PRINCIPAL, {
  error: ({ input }) => {
    if (/^arn:[^:]*:iam::\*:/.test(String(input))) {
      return 'lets in every AWS account by the "*" for its account: must have the 12 digits of one';
    }
    const account = accountProblem(String(input));
    if (account !== undefined) return account;
    return /^arn:[^:]*:sts:/.test(String(input))
      ? 'is the ARN of a session: must be that of its role, arn:aws:iam::<account>:role/<path and name>'
      : 'must be the ARN of an IAM role, user or account root, for example arn:aws:iam::111122223333:role/billing';
  },
});

/** Who calls the gateway. `*` may stand for the account, the name or a part of it. */
export const ArnPatternSchema = z
  .string()
  .refine((arn) => IAM_PATTERN.test(arn) || ASSUMED_ROLE.test(arn), {
    error: ({ input }) =>
      accountProblem(String(input)) ??
      'must be an IAM role or user ARN or an assumed-role session ARN, "*" allowed in its name, for example arn:aws:iam::111122223333:role/analysts-*',
  });

function accountProblem(arn: string): string | undefined {
  const [, account = ''] = /^arn:[^:]*:(?:iam|sts)::(\d+):/.exec(arn) ?? [];
  if (account === '' || account.length === 12) return undefined;
  return `has the account ${account}, of ${countText(account.length, 'digit')}: must have the 12 digits of an account`;
}

/** For people: the one in IAM, or another. */
export const AccountAliasSchema = z.string().regex(/^\w[\w .-]{0,62}$/, {
  error: 'must be 1 to 63 letters, digits, blanks, ".", "-" or "_", such as search-production',
});

/** As EventBridge takes it: a name for a bus of this account and region. */
export const EventBusSchema = z
  .string()
  .regex(
    /^(?!aws\.)([\w./-]{1,256}|arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus\/[\w./-]{1,256})$/,
    {
      error:
        'must be the name of an event bus (1 to 256 letters, digits and /._-, not beginning with "aws.") or its ARN, arn:aws:events:<region>:<account>:event-bus/<name>',
    },
  );

/** What a subject's prefix may have in braces. */
export const SUBJECT_PLACES = ['account', 'alias', 'region', 'stack', 'environment'] as const;

export type SubjectPlace = (typeof SUBJECT_PLACES)[number];

/** A subject has 99 characters of ASCII, and the title needs most of them. */
export const SubjectPrefixSchema = z
  .string()
  .regex(/^[\x21-\x7e]([\x20-\x7e]{0,38}[\x21-\x7e])?$/, {
    error: 'must be 1 to 40 characters of ASCII, the first and the last of them not blank',
  })
  .refine((prefix) => unknownPlace(prefix) === undefined, {
    error: ({ input }) =>
      `has ${quoted(unknownPlace(String(input)))}, which stands for nothing: allowed are ${SUBJECT_PLACES.map((place) => `{${place}}`).join(', ')}`,
  });

function unknownPlace(prefix: string): string | undefined {
  const places: ReadonlySet<string> = new Set(SUBJECT_PLACES.map((place) => `{${place}}`));
  return prefix.match(/\{[^}]*\}?/g)?.find((place) => !places.has(place));
}

/** What each SNS protocol takes as its endpoint; `undefined` where the endpoint fits. */
export function endpointProblem(protocol: string, endpoint: string): string | undefined {
  switch (protocol) {
    case 'email':
    case 'email-json':
      return z.email().safeParse(endpoint).success ? undefined : 'must be an e-mail address';
    case 'https':
      return z.url({ protocol: /^https$/ }).safeParse(endpoint).success
        ? undefined
        : 'must be an https URL';
    case 'sms':
      return /^\+[1-9]\d{6,14}$/.test(endpoint)
        ? undefined
        : 'must be a phone number such as +33612345678';
    case 'lambda':
      return /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:[\w$-]+)?$/.test(
        endpoint,
      )
        ? undefined
        : 'must be the ARN of a Lambda function';
    default:
      if (endpoint.endsWith('.fifo')) return 'SNS delivers to no FIFO queue from this topic';
      return /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}$/.test(endpoint)
        ? undefined
        : 'must be the ARN of an SQS queue';
  }
}

/** What is wrong with a value that was probably meant as a number; `undefined` for any other. */
export function numberProblem(input: unknown): string | undefined {
  if (typeof input === 'number' && !Number.isFinite(input)) {
    return Number.isNaN(input)
      ? 'is not a number, must be finite'
      : 'is infinity, must be finite: a limit that is optional is left out instead';
  }
  if (typeof input !== 'string') return undefined;
  const text = input.trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return `is text because of its quotes: write ${text}`;
  if (/^[+-]?\d{1,3}([,_' \u00a0\u202f]\d{3})+(\.\d+)?$|^[+-]?\d{1,3}(\.\d{3}){2,}$/.test(text)) {
    const digits = /[,_' \u00a0\u202f]/.test(text)
      ? text.replaceAll(/[^\d.+-]/g, '')
      : text.replaceAll('.', '');
    return `is text because of its separators: write ${digits}`;
  }
  const [, whole, decimals] = /^([+-]?\d+),(\d+)$/.exec(text) ?? [];
  if (whole !== undefined) return `is text because of its comma: write ${whole}.${decimals}`;
  return /^[$€]?\s*\d[\d.,_' ]*\s*([$€%]|\w+)?$/.test(text)
    ? 'is not a number: write its digits alone, such as 2000'
    : undefined;
}
