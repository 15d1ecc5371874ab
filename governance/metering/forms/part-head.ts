import { isUtf8 } from 'node:buffer';
import { quoted } from '../../platform/wording.js';
import { type Problem, problem } from '../problem.js';

/** What the lines before a part say. */
export interface PartHead {
  readonly name: string;
  /** Of a file alone: to be sent on as it is. */
  readonly filename: string | undefined;
  /** Without parameters; `undefined` where there is none. */
  readonly contentType: string | undefined;
}

const LINE = /^([\w-]{1,64}):[\t ]*([\t -~\x80-\xff]*)$/;
const DISPOSITION = /^form-data[\t ]*/i;
const PARAMETER = /;[\t ]*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"\\]+))[\t ]*/giy;
const PARAMETERS = ['name', 'filename', 'filename*'];
const NAME = /^[\w[\].-]{1,64}$/;
/** What separates folders, ends a header or a name in it, or is one of the forms in which clients write these. */
const UNSAFE = /[/\\"\p{Cc}]|%(?:22|0a|0d|2f|5c|00)/iu;
const MOST_NAME_BYTES = 255;
const TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/;
const TEXT_CHARSET = /;[\t ]*charset=(?!"?(?:utf-?8|us-ascii)"?[\t ]*$)/i;

/** How a part may be encoded: in no way. */
const ENCODINGS = /^(binary|8bit|7bit)$/i;
const HEADERS = [
  'content-disposition',
  'content-type',
  'content-length',
  'content-transfer-encoding',
];

/** @param lines of latin1, one character for each byte, without the empty line at their end */
export function partHead(lines: string): PartHead | Problem {
  const headers = new Map<string, string>();
  for (const line of lines.split('\r\n')) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      return invalid(`has the line ${quoted(line)}, which is not a header`);
    }
    const known = name.toLowerCase();
    if (!HEADERS.includes(known)) {
      return invalid(`has the header ${quoted(name)}: allowed are ${HEADERS.join(', ')}`);
    }
    if (headers.has(known)) return invalid(`has the header ${known} twice: give it once`);
    headers.set(known, value.trim());
  }
  const encoding = headers.get('content-transfer-encoding');
  if (encoding !== undefined && !ENCODINGS.test(encoding)) {
    return invalid(
      `has the Content-Transfer-Encoding ${quoted(encoding)}: send its bytes as binary`,
    );
  }
  return described(headers.get('content-disposition'), headers.get('content-type'));
}

function described(disposition: string | undefined, type: string | undefined): PartHead | Problem {
  const kind = disposition && DISPOSITION.exec(disposition)?.[0];
  if (!disposition || !kind) {
    return invalid('needs a Content-Disposition: form-data; name="…"');
  }
  const rest = disposition.slice(kind.length);
  const given = new Map<string, string>();
  let readTo = 0;
  for (const [all, name = '', inQuotes, plain] of rest.matchAll(PARAMETER)) {
    readTo += all.length;
    const known = name.toLowerCase();
    if (!PARAMETERS.includes(known)) {
      return invalid(
        `has ${quoted(name)} in its Content-Disposition: allowed are name and filename`,
      );
    }
    if (given.has(known)) return invalid(`has ${known} twice in its Content-Disposition`);
    given.set(known, inQuotes ?? plain ?? '');
  }
  if (readTo < rest.length) {
    return invalid(`has the Content-Disposition ${quoted(disposition)}, which is not valid`);
  }
  const name = given.get('name');
  if (name === undefined || !NAME.test(name)) {
    return invalid(`has the name ${quoted(name ?? '')}, which no field has`);
  }
  const isFile = given.has('filename') || given.has('filename*');
  const contentType = type?.split(';', 1)[0]?.trim();
  if (contentType !== undefined && !TYPE.test(contentType)) {
    return invalid(`has the Content-Type ${quoted(type)}, which is not valid`);
  }
  if (!isFile) {
    if (type !== undefined && TEXT_CHARSET.test(type)) {
      return invalid(`has the Content-Type ${quoted(type)}: texts must be UTF-8`);
    }
    return { name, filename: undefined, contentType };
  }
  const filename = safeName(given.get('filename') ?? '');
  return typeof filename === 'string' ? { name, filename, contentType } : filename;
}

/** The name in `filename*` means the same, for clients that read no UTF-8: it is not read. */
function safeName(latin1: string): string | Problem {
  const bytes = Buffer.from(latin1, 'latin1');
  const name = bytes.toString('utf8');
  if (!isUtf8(bytes)) return invalid(`has the filename ${quoted(name)}, which is not valid UTF-8`);
  if (bytes.length > MOST_NAME_BYTES) {
    return invalid(
      `has a filename of ${bytes.length} bytes: at most ${MOST_NAME_BYTES} are allowed`,
    );
  }
  const isPlace = name === '.' || name === '..';
  if (isPlace || UNSAFE.test(name)) {
    return invalid(
      `has the filename ${quoted(name)}: it must be a plain name, without slashes, quotes, line breaks, or their escapes`,
    );
  }
  return name === '' ? 'file' : name;
}

function invalid(what: string): Problem {
  return problem('invalid_request', `a part of the form ${what}`);
}
