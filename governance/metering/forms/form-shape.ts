/** A text field of a form. */
export interface FormField {
  /** It may be given several times, also as `name[]`. */
  readonly isList?: true;
  /** In bytes. */
  readonly longest: number;
  /** The value to send: empty for one that asks for nothing, `undefined` for one that is not allowed. */
  readonly read: (value: string) => string | undefined;
  /** Completes "must be". */
  readonly allowed: string;
}

/** What a form may have, and must have. */
export interface FormShape {
  readonly path: string;
  readonly fields: ReadonlyMap<string, FormField>;
  /** The name of the part that is a file. */
  readonly file: string;
  /** A form has exactly one of these. */
  readonly sources: readonly string[];
  /** What must be given. */
  readonly needed: string;
  /** Whether that decides about the file: then it comes before a file that is too large to be held. */
  readonly isNeededFirst: boolean;
}

function matching(pattern: RegExp, longest: number, allowed: string): FormField {
  return { longest, read: (value) => (pattern.test(value) ? value : undefined), allowed };
}

function list(field: FormField): FormField {
  return { ...field, isList: true };
}

const NAME = matching(/^\P{Cc}+$/u, 256, 'a name');
const ID = matching(/^[\w-]+$/, 128, 'an id of letters, digits, - and _');
/** The Python client writes `True` where others write `true`. */
const FLAG: FormField = {
  longest: 5,
  read: (value) => (/^(true|false)$/i.test(value) ? value.toLowerCase() : undefined),
  allowed: 'true or false',
};
const URL_FIELD: FormField = {
  longest: 2083,
  read: (value) =>
    /^https?:\/\/[\x21-\x7e]+$/i.test(value) && URL.canParse(value) ? value : undefined,
  allowed: 'an http or https URL',
};

export const TRANSCRIPTION_FORM: FormShape = {
  path: '/v1/audio/transcriptions',
  fields: new Map([
    ['model', NAME],
    ['file_url', URL_FIELD],
    ['file_id', ID],
    ['language', matching(/^\w{2}$/, 2, 'two letters such as en')],
    ['temperature', matching(/^\d{1,3}(\.\d{1,20})?$/, 24, 'a number such as 0.2')],
    ['stream', FLAG],
    ['diarize', FLAG],
    ['context_bias', list(matching(/^[^,\s\p{Cc}]+$/u, 256, 'a word without commas and spaces'))],
    ['timestamp_granularities', list(matching(/^\w+$/, 32, 'segment or word'))],
    // OpenAI's clients ask for the format that Mistral answers in.
    [
      'response_format',
      { longest: 32, read: (v) => (v === 'json' ? '' : undefined), allowed: 'json' },
    ],
  ]),
  file: 'file',
  sources: ['file', 'file_url', 'file_id'],
  needed: 'model',
  isNeededFirst: true,
};

/** For OCR, transcriptions and batch jobs. What a fine-tuning job costs is not known beforehand. */
export const FILE_FORM: FormShape = {
  path: '/v1/files',
  fields: new Map([
    [
      'purpose',
      matching(
        /^(ocr|audio|batch)$/,
        32,
        'ocr, audio or batch: fine-tuning is not available here, since its price is not known beforehand',
      ),
    ],
    ['expiry', matching(/^[1-9]\d{0,5}$/, 6, 'a number of hours, at least 1')],
    // Its user is the owner of the key: one for all callers.
    ['visibility', matching(/^workspace$/, 16, 'workspace: the gateway keeps its callers apart')],
  ]),
  file: 'file',
  sources: ['file'],
  needed: 'purpose',
  isNeededFirst: false,
};
