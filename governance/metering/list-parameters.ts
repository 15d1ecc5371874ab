import type { Parameters } from './query.js';

const COUNT = /^\d{1,6}$/;
const NAME = /^[a-z_]{1,32}$/;
const FLAG = /^(true|false)$/i;

const PAGE = {
  page: { form: COUNT, allowed: 'a number from 0 to 999999' },
  page_size: { form: /^([1-9]\d{0,2}|1000)$/, allowed: 'a number from 1 to 1000' },
};

/** By which files are listed. */
export const FILE_LIST: Parameters = {
  ...PAGE,
  include_total: { form: FLAG, allowed: 'true or false' },
  sample_type: { form: NAME, allowed: 'a type such as batch_request', isList: true },
  source: { form: NAME, allowed: 'upload, repository or mistral', isList: true },
  search: { form: /^[^\p{Cc}]{1,255}$/u, allowed: 'up to 255 characters of a file name' },
  purpose: { form: NAME, allowed: 'ocr, audio or batch' },
  mimetypes: { form: /^[\w.+-]+\/[\w.+-]+$/, allowed: 'a media type', isList: true },
};
export const URL_HOURS: Parameters = {
  expiry: { form: /^([1-9]\d?|1[0-5]\d|16[0-8])$/, allowed: 'a number of hours from 1 to 168' },
};

export const CONVERSATION_LIST: Parameters = {
  ...PAGE,
  metadata: { form: /^\{[^\p{Cc}]{0,2048}\}$/u, allowed: 'a JSON object' },
};

/** By which batch jobs are listed. */
export const JOB_LIST: Parameters = {
  ...PAGE,
  model: { form: /^[\w./:-]{1,128}$/, allowed: 'the exact id of a model' },
  created_after: {
    form: /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/,
    allowed: 'an instant such as 2026-11-29T17:00:00Z',
  },
  created_by_me: { form: FLAG, allowed: 'true or false: all that are listed are' },
  status: { form: /^[A-Z_]{1,32}$/, allowed: 'a status such as RUNNING', isList: true },
  order_by: { form: /^-?created$/, allowed: 'created or -created' },
};
/** Of one batch job: whether its results are in the answer. */
export const JOB: Parameters = { inline: { form: FLAG, allowed: 'true or false' } };
