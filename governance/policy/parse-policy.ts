import type * as z from 'zod';
import { fieldError, issueProblems } from './field-errors.js';
import { type Policy, PolicySchema } from './policy.js';
import { crossCheck, type PolicyRule } from './policy-checks.js';
import { type PolicyProblem, pathText, problemText } from './policy-problem.js';

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

export interface ParsePolicyOptions {
  /**
   * Rules besides those that every reader of a policy checks.
   *
   * @default none: a deployed policy has passed those of `deploy-checks.ts`
   */
  readonly rules?: readonly PolicyRule[];
}

/** Reads a policy and names everything that is wrong with it. */
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
  const all = new Map(
    [...issues.flatMap(issueProblems), ...broken].map((problem) => [problemText(problem), problem]),
  );
  return all.size > 0 || !parsed.success
    ? { ok: false, problems: withoutMisspelt([...all.values()]) }
    : { ok: true, policy: parsed.data };
}

/** A field whose name is misspelt is not missing too. */
function withoutMisspelt(problems: readonly PolicyProblem[]): PolicyProblem[] {
  const meant = new Set(
    problems.map(({ path, message }) => {
      const [, name] = /^unknown field, did you mean "(.*)"\? /.exec(message) ?? [];
      return name === undefined ? '' : pathText([...path.slice(0, -1), name]);
    }),
  );
  return problems.filter(
    ({ path, message }) => !(message.startsWith('is missing,') && meant.has(pathText(path))),
  );
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

/** What stands in for required fields that rules read: what they say of it is not reported. */
const READ_STAND_INS: Readonly<Record<string, unknown>> = {
  id: '00000000-0000-4000-8000-000000000000',
  principal: 'arn:aws:iam::000000000000:role/x',
  role: 'x',
  workspace: 'x',
  protocol: 'email',
  endpoint: 'x@example.com',
};

/** Leaves lists as long as they are, or out: later problems name their entries by number. */
function mendField(root: unknown, path: readonly PropertyKey[]): void {
  const name = nameIn(path);
  const parent = path.slice(0, path.lastIndexOf(name)).reduce<unknown>(fieldOf, root);
  if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) return;
  const standIns = { ...STAND_INS, ...READ_STAND_INS };
  if (Object.hasOwn(standIns, name)) Reflect.set(parent, name, standIns[name]);
  else Reflect.deleteProperty(parent, name);
}

/** Of the field, or of the list that the entry is in. */
function nameIn(path: readonly PropertyKey[]): string {
  return String(path.filter((step) => typeof step !== 'number').at(-1));
}

/** A wrong field was left out, so what rests on it was judged by a default that is not in the file. */
function restsOn({ path, message }: PolicyProblem, { path: wrong }: z.core.$ZodIssue): boolean {
  const field = nameIn(wrong);
  if (field === 'workspaces') return path[0] !== 'audit'; // nearly everything names workspaces
  if (Object.hasOwn(STAND_INS, field)) return false;
  return path.includes(field) || message.split(/\W+/).includes(field);
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
