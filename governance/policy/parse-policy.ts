import * as z from 'zod';
import { type Policy, PolicySchema } from './policy.js';
import { crossCheck } from './policy-checks.js';
import type { PolicyProblem } from './policy-problem.js';

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface ParsePolicyOptions {
  /**
   * Whether there is a time zone of this name. Asking JavaScript takes longer than all other checks.
   *
   * @default JavaScript's own list
   */
  readonly isTimeZone?: (name: string) => boolean;
}

/** Reads a policy and names everything that is wrong with it, each as `path: problem`. */
export function parsePolicy(
  document: unknown,
  { isTimeZone = isKnownTimeZone }: ParsePolicyOptions = {},
): ParsedPolicy {
  // Read once in a process's life: to compile the schema first would take longer than it saves.
  const parsed = PolicySchema.safeParse(document, { reportInput: true, jitless: true });
  const issues = parsed.success ? [] : parsed.error.issues;
  const checkable = parsed.success ? parsed.data : withoutWrongFields(document, issues);
  const broken = (checkable ? crossCheck(checkable) : []).filter(
    (problem) => !issues.some((issue) => restsOn(problem, issue)),
  );
  const all = unique([
    ...issues.flatMap(describe),
    ...broken.map(({ path, message }) => `${pathText(path)}: ${message}`),
    ...timeZoneProblems(document, isTimeZone),
  ]);
  return all.length > 0 || !parsed.success
    ? { ok: false, problems: all }
    : { ok: true, policy: parsed.data };
}

/**
 * The policy that is left without its wrong fields, if it is one: so that what breaks a rule over
 * several fields is told in the same run.
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
    for (const path of wrong) mendField(copy, path);
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
};

/** Leaves lists as long as they are: what is told later names their entries by number. */
function mendField(root: unknown, path: readonly PropertyKey[]): void {
  const parent = path.slice(0, -1).reduce<unknown>(fieldOf, root);
  if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) return;
  const field = String(path.at(-1));
  if (Object.hasOwn(STAND_INS, field)) Reflect.set(parent, field, STAND_INS[field]);
  else Reflect.deleteProperty(parent, field);
}

/** A wrong field was left out, so what rests on it was judged by its default: nobody wrote that. */
function restsOn({ path, message }: PolicyProblem, { path: wrong }: z.core.$ZodIssue): boolean {
  const field = String(wrong.at(-1));
  if (Object.hasOwn(STAND_INS, field)) return false;
  return path.includes(field) || message.split(/\W+/).includes(field);
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function unique(problems: readonly string[]): readonly string[] {
  return [...new Set(problems)];
}

const TimeZoneSchema = z.object({ audit: z.object({ timezone: z.string() }) });

function timeZoneProblems(document: unknown, isTimeZone: (name: string) => boolean): string[] {
  const { success, data } = TimeZoneSchema.safeParse(document, { jitless: true });
  if (!success || isTimeZone(data.audit.timezone)) return [];
  return [
    `audit.timezone: ${shown(data.audit.timezone)} must be an IANA time zone such as Europe/Paris`,
  ];
}

function isKnownTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function describe(issue: z.core.$ZodIssue): string[] {
  const path = pathText(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(
        (key) => `${path}: unknown field "${key}", ${allowedFields(issue.path)}`,
      );
    case 'invalid_type':
      return [
        issue.input === undefined
          ? `${path}: is missing, must be ${article(issue.expected)}`
          : `${path}: ${shown(issue.input)} is not ${article(issue.expected)}`,
      ];
    case 'invalid_value':
      return [
        `${path}: ${shown(issue.input)} is not allowed, must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`,
      ];
    case 'too_small':
      return [
        `${path}: ${shown(issue.input)} is too ${size(issue)}, must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${counted(issue)}`,
      ];
    case 'too_big':
      return [
        `${path}: ${shown(issue.input)} is too ${issue.origin === 'array' || issue.origin === 'string' ? 'long' : 'large'}, must be at most ${issue.maximum}${counted(issue)}`,
      ];
    case 'invalid_key':
      return [`${path}: this name ${issue.issues.map(({ message }) => message).join('; ')}`];
    default:
      return [
        `${path}: ${issue.input === undefined ? 'is missing,' : shown(issue.input)} ${issue.message}`,
      ];
  }
}

/** The fields of the object at a path, read off the schema itself. */
function allowedFields(path: readonly PropertyKey[]): string {
  let schema: unknown = PolicySchema;
  for (const step of path) schema = child(unwrapped(schema), step);
  const fields = Object.keys(shapeOf(unwrapped(schema)) ?? {});
  return `allowed are ${fields.join(', ')}`;
}

interface SchemaDef {
  readonly innerType?: unknown;
  readonly shape?: Record<string, unknown>;
  readonly element?: unknown;
  readonly valueType?: unknown;
}

function definition(schema: unknown): SchemaDef {
  return (schema as { def?: SchemaDef } | undefined)?.def ?? {};
}

function unwrapped(schema: unknown): unknown {
  const { innerType } = definition(schema);
  return innerType === undefined ? schema : unwrapped(innerType);
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  return definition(schema).shape;
}

function child(schema: unknown, step: PropertyKey): unknown {
  const { shape, element, valueType } = definition(schema);
  return shape?.[String(step)] ?? element ?? valueType;
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'policy';
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`,
    )
    .join('');
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function article(type: string): string {
  const names: Record<string, string> = {
    int: 'a whole number',
    array: 'a list',
    object: 'a set of fields',
    record: 'a set of fields',
    boolean: 'true or false',
  };
  return names[type] ?? `a ${type}`;
}

function size({ origin }: { origin: string }): string {
  return origin === 'array' || origin === 'string' ? 'short' : 'small';
}

function counted({
  origin,
  minimum,
  maximum,
}: {
  origin: string;
  minimum?: unknown;
  maximum?: unknown;
}) {
  if (origin === 'array') return (minimum ?? maximum) === 1 ? ' entry' : ' entries';
  return origin === 'string' ? ' characters' : '';
}
