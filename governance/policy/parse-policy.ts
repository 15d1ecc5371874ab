import * as z from 'zod';
import { countText, listText, quoted } from '../platform/wording.js';
import { type Policy, PolicySchema } from './policy.js';
import { crossCheck, type PolicyProblem, type PolicyRule } from './policy-checks.js';

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface ParsePolicyOptions {
  /**
   * Rules besides those that every reader of a policy checks.
   *
   * @default none: a deployed policy has passed those of `deploy-checks.ts`
   */
  readonly rules?: readonly PolicyRule[];
}

/** Reads a policy and names everything that is wrong with it, each as `path: problem`. */
export function parsePolicy(
  document: unknown,
  { rules = [] }: ParsePolicyOptions = {},
): ParsedPolicy {
  // Read once in a process's life: to compile the schema first would take longer than it saves.
  const options = { error: fieldError, reportInput: true, jitless: true };
  const parsed = PolicySchema.safeParse(document, options);
  const issues = parsed.success ? [] : parsed.error.issues;
  const checkable = parsed.success ? parsed.data : withoutWrongFields(document, issues);
  const broken = (checkable ? crossCheck(checkable, rules) : []).filter(
    (problem) => !issues.some((issue) => restsOn(problem, issue)),
  );
  const all = [
    ...new Set([
      ...issues.map(issueText),
      ...broken.map(({ path, message }) => `${pathText(path)}: ${message}`),
    ]),
  ];
  return all.length > 0 || !parsed.success
    ? { ok: false, problems: all }
    : { ok: true, policy: parsed.data };
}

/**
 * The policy without its wrong fields, if that is one: so that what breaks a rule over several fields
 * is reported in the same run.
 */
function withoutWrongFields(
  document: unknown,
  issues: readonly z.core.$ZodIssue[],
): Policy | undefined {
  const copy: unknown = structuredClone(document);
  for (const issue of issues) {
    const wrong =
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => [...issue.path, key])
        : [issue.path];
    for (const path of wrong) mendField(copy, isAccepted(path) ? path.slice(0, 2) : path);
  }
  return PolicySchema.safeParse(copy, { jitless: true }).data;
}

/** What stands in for required fields that no rule over several fields reads. */
const STAND_INS: Readonly<Record<string, unknown>> = {
  team: 'x',
  ownerUserId: '00000000-0000-4000-8000-000000000000',
  requestsPerMinute: 1,
  models: '*',
  maxTokensPerRequest: 1,
  dailyTokens: 1,
  workspaces: [
    {
      name: 'x',
      id: '00000000-0000-4000-8000-000000000000',
      ownerUserId: '00000000-0000-4000-8000-000000000000',
      team: 'x',
      requestsPerMinute: 1,
      models: '*',
    },
  ],
};

/** No rule over several fields reads what is accepted. */
function isAccepted([section, field]: readonly PropertyKey[]): boolean {
  return section === 'audit' && field === 'accepted';
}

/** Leaves lists as long as they are: later problems name their entries by number. */
function mendField(root: unknown, path: readonly PropertyKey[]): void {
  const parent = path.slice(0, -1).reduce<unknown>(fieldOf, root);
  if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) return;
  const field = String(path.at(-1));
  if (Object.hasOwn(STAND_INS, field)) Reflect.set(parent, field, STAND_INS[field]);
  else Reflect.deleteProperty(parent, field);
}

/** A wrong field was left out, so what rests on it was judged by a default that is not in the file. */
function restsOn({ path, message }: PolicyProblem, { path: wrong }: z.core.$ZodIssue): boolean {
  const field = String(wrong.at(-1));
  if (field === 'workspaces') return path[0] !== 'audit'; // nearly everything names workspaces
  if (Object.hasOwn(STAND_INS, field)) return false;
  return path.includes(field) || message.split(/\W+/).includes(field);
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/**
 * What is wrong with a value, to be read behind it, and what is allowed. It is for zod's own checks: a
 * message that `policy.ts` gives a field comes first.
 */
function fieldError(issue: z.core.$ZodRawIssue): string | undefined {
  const isMissing = issue.input === undefined;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      const unknown = issue.keys.length === 1 ? 'unknown field' : 'unknown fields';
      const digits = issue.keys.some((key) => /^\d+$/.test(key)) ? `; ${NO_SEPARATORS}` : '';
      return `${unknown} ${listText(issue.keys.map(quoted))}, allowed are ${allowed.join(', ')}${digits}`;
    }
    case 'invalid_type': {
      const isEndless = issue.expected === 'number' && typeof issue.input === 'number'; // .inf, .nan
      const kind = KINDS[issue.expected] ?? `a ${isEndless ? 'finite ' : ''}${issue.expected}`;
      if (isMissing) return `must be ${kind}`;
      return `is not ${kind}${looksLikeNumber(issue.input) ? `: ${NO_SEPARATORS}` : ''}`;
    }
    case 'invalid_value':
      return `${isMissing ? '' : 'is not allowed, '}must be ${issue.values.map(quoted).join(' or ')}`;
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join('; ');
    case 'too_small': {
      const least = issue.inclusive ? 'at least' : 'more than';
      const small = hasLength(issue.origin) ? 'short' : 'small';
      return `is too ${small}, must be ${least} ${sizeText(issue.origin, issue.minimum)}`;
    }
    case 'too_big': {
      const large = hasLength(issue.origin) ? 'long' : 'large';
      return `is too ${large}, must be at most ${sizeText(issue.origin, issue.maximum)}`;
    }
    default:
      return undefined;
  }
}

/** For `60` in quotes, and for `1,000`, which in braces is two fields. */
const NO_SEPARATORS = 'a number is written such as 1000, without quotes and separators';

function looksLikeNumber(input: unknown): boolean {
  return typeof input === 'string' && /^[+-]?\d[\d.,_' \u00a0\u202f]*$/.test(input);
}

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  array: 'a list',
  object: 'a set of fields',
  record: 'a set of fields',
  boolean: 'true or false',
};

function hasLength(origin: string): boolean {
  return origin === 'array' || origin === 'string';
}

function sizeText(origin: string, size: number | bigint): string {
  if (origin === 'array') return countText(Number(size), 'entry', 'entries');
  return origin === 'string' ? countText(Number(size), 'character') : String(size);
}

function issueText({ path, code, input, message }: z.core.$ZodIssue): string {
  if (code === 'unrecognized_keys') return `${pathText(path)}: ${message}`;
  return `${pathText(path)}: ${input === undefined ? 'is missing,' : quoted(input)} ${message}`;
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'policy';
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`,
    )
    .join('');
}
