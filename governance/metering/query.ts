import { shortened } from '../platform/wording.js';
import { type Problem, problem } from './problem.js';

/** What a parameter of a query may be. */
export interface Parameter {
  /** The form of each value. */
  readonly form: RegExp;
  /** The form in words. */
  readonly allowed: string;
  /** Whether it may be given several times. */
  readonly isList?: boolean;
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** By name: values of the right form, at least one of each. */
export type Query = ReadonlyMap<string, readonly string[]>;

/** More is not a query of the API's. */
const LONGEST_QUERY = 4096;
const MOST_VALUES = 50;

export const NO_QUERY: Query = new Map();

/** What Mistral's Python SDK (3.7.0) sends for a parameter that is an object and was not given. */
const UNSET = '"~?~unset~?~sentinel~?~"';

/** Checks a query, `?` not included. A value that is empty is none. */
export function parseQuery(text: string, known: Parameters): Query | Problem {
  if (text.length > LONGEST_QUERY) {
    return problem('invalid_request', `the query is longer than ${LONGEST_QUERY} characters`);
  }
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!parameter) return unknownName(name, known);
    if (value === '' || value === UNSET) continue;
    const values = query.get(name) ?? [];
    if (!parameter.form.test(value)) return wrong(name, `must be ${parameter.allowed}`);
    if (values.length > 0 && !parameter.isList) return wrong(name, 'is given twice: give it once');
    if (values.length === MOST_VALUES) return wrong(name, `has more than ${MOST_VALUES} values`);
    query.set(name, [...values, value]);
  }
  return query;
}

/** A query as it is sent: of checked values, spelled here. */
export function queryText(query: Query): string {
  const pairs = [...query].flatMap(([name, values]) =>
    values.map((value) => `${name}=${encodeURIComponent(value)}`),
  );
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

function unknownName(name: string, known: Parameters): Problem {
  const allowed = Object.keys(known).join(', ') || 'none';
  const given = JSON.stringify(shortened(name, 64));
  return problem('invalid_field', `query parameter ${given} is not known: allowed are ${allowed}`);
}

function wrong(name: string, what: string): Problem {
  return problem('invalid_field', `query parameter ${name} ${what}`, { param: name });
}
