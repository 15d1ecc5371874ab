import type { ApiKey } from '../governance/mistral/api-key.js';
import { errorMessageOf } from '../governance/mistral/mistral-answer.js';
import { quotesKey, redactKey, WITHHELD } from '../governance/mistral/redact-key.js';
import { isObject } from '../governance/platform/json.js';
import { head } from '../governance/platform/quoting.js';

type Fields = Readonly<Record<string, unknown>>;
type Value = string | number | null;

const MESSAGE_CHARACTERS = 2000;
const VALUE_CHARACTERS = 200;
const MOST_ROWS = 20;
const MOST_STEPS = 20;

/**
 * What callers get of an error of Mistral's: the documented fields, each a bounded value without the key, and
 * nothing else that stands in the body. Also in the form of OpenAI's errors: its SDKs read no more.
 */
export function errorFields(said: Fields, key: ApiKey) {
  const isOpenAi = isObject(said.error) && said.message === undefined && said.detail === undefined;
  const { type, param, code } = isOpenAi ? (said.error as Fields) : said;
  const redacted = (value: unknown): Value => {
    if (typeof value === 'number') return value;
    return typeof value === 'string' ? head(redactKey(value, key), VALUE_CHARACTERS) : null;
  };
  const error = {
    message: head(redactKey(errorMessageOf(said), key), MESSAGE_CHARACTERS),
    type: redacted(type),
    param: redacted(param),
    code: redacted(code),
  };
  const detail = detailRows(said)?.map((row) => ({
    type: redacted(row.type),
    loc: Array.isArray(row.loc) ? row.loc.slice(0, MOST_STEPS).map(redacted) : [],
    msg: redacted(row.msg),
  }));
  const rows = (detail ?? []).flatMap((row) => [row.type, ...row.loc, row.msg]);
  // Pieces of a key, each too short to tell, are one where they stand in a row.
  if (quotesKey([...Object.values(error), ...rows].join(''), key)) {
    const withheld = { message: WITHHELD, type: null, param: null, code: null };
    return { object: 'error', ...withheld, error: withheld };
  }
  return { object: 'error', ...error, ...(detail && { detail }), error };
}

/** What is wrong with which field, as validation lists it. */
function detailRows({ detail, message }: Fields): readonly Fields[] | undefined {
  const rows = detail ?? (isObject(message) ? message.detail : undefined);
  return Array.isArray(rows) ? rows.filter(isObject).slice(0, MOST_ROWS) : undefined;
}
