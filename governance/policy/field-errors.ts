import * as z from 'zod';
import { countText, meantText, quoted } from '../platform/wording.js';
import { numberProblem } from './policy-fields.js';
import type { PolicyProblem } from './policy-problem.js';

/** What is wrong with one value, or with each of the fields that are not known. */
export function issueProblems({ path, message, ...issue }: z.core.$ZodIssue): PolicyProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const messages = message.split('\n');
    return issue.keys.map((key, at) => ({ path: [...path, key], message: messages[at] ?? '' }));
  }
  const text = `${inputText(issue.input)} ${message}`;
  return [{ path, message: path.length === 0 ? `policy: ${text}` : text }];
}

function inputText(input: unknown): string {
  if (input === undefined) return 'is missing,';
  if (input === null) return 'has no value,';
  return typeof input === 'number' && !Number.isFinite(input) ? yamlNumber(input) : quoted(input);
}

function yamlNumber(input: number): string {
  if (Number.isNaN(input)) return '.nan';
  return input > 0 ? '.inf' : '-.inf';
}

/**
 * What is wrong with a value, to be read behind it, and what is allowed. It is for zod's own checks: a
 * message that `policy.ts` gives a field comes first.
 */
export function fieldError(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  const isMissing = input === undefined || input === null;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      return issue.keys.map((key) => unknownField(key, allowed)).join('\n');
    }
    case 'invalid_type': {
      const kind = KINDS[issue.expected] ?? `a ${issue.expected}`;
      if (isMissing) return `must be ${kind}`;
      return hintOf(issue.expected, input) ?? `is not ${kind}`;
    }
    case 'invalid_value': {
      const allowed = issue.values.map(quoted);
      if (isMissing) return `must be ${allowed.join(' or ')}`;
      const meant = allowed.length > 3 ? meantText(String(input), issue.values.map(String)) : '';
      return `is not allowed${meant || ','} must be ${allowed.join(' or ')}`;
    }
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

/** In braces, `2,000` is a number and a field without a value. */
function unknownField(key: string, allowed: readonly string[]): string {
  if (/^\d+$/.test(key)) {
    return 'is read as a field, since inside of { } a comma ends a value: write numbers without separators, such as 2000';
  }
  return `unknown field${meantText(key, allowed) || ','} allowed are ${allowed.join(', ')}`;
}

/** What was probably meant by a value of another type. */
function hintOf(expected: string, input: unknown): string | undefined {
  if (expected === 'number' || expected === 'int') return numberProblem(input);
  if ((expected === 'object' || expected === 'record') && typeof input === 'string') {
    return 'is not a set of fields: is a ":" missing?';
  }
  if (expected === 'array') {
    return typeof input === 'string' ? 'is not a list: put it in [ ]' : undefined;
  }
  if (expected !== 'boolean' || typeof input !== 'string') return undefined;
  if (/^(true|yes|on|y)$/i.test(input)) return 'is text, must be true or false: write true';
  return /^(false|no|off|n)$/i.test(input)
    ? 'is text, must be true or false: write false'
    : undefined;
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
