import { gzipSync } from 'node:zlib';

/** A request for a transcription that is to be refused, by what is wrong with it. */
export interface HostileForm {
  readonly what: string;
  readonly body: Buffer;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string;
}

const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const MODEL = 'voxtral-mini-latest';
const CRLF = '\r\n';

const bytes = (text: string) => Buffer.from(text, 'latin1');

function part(head: string, content: string): string {
  return `--${BOUNDARY}${CRLF}${head}${CRLF}${CRLF}${content}${CRLF}`;
}

function field(name: string, value: string): string {
  return part(`Content-Disposition: form-data; name="${name}"`, value);
}

const END = `--${BOUNDARY}--${CRLF}`;

/** @param audio the content of the files: longer than what is held, or shorter */
export function hostileForms(audio: string): HostileForm[] {
  const fileHead = 'Content-Disposition: form-data; name="file"; filename="a.mp3"';
  const file = part(`${fileHead}${CRLF}Content-Type: audio/mpeg`, audio);
  const model = field('model', MODEL);
  const valid = model + file + END;

  const types: [string, string | undefined][] = [
    ['no Content-Type', undefined],
    ...[
      'application/json',
      'text/plain',
      'multipart/mixed; boundary=x',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'multipart/form-data;',
      'multipart/form-data; boundary=',
      'multipart/form-data; boundary=""',
      `multipart/form-data; boundary="${BOUNDARY}`,
      `multipart/form-data; boundary=${BOUNDARY}"`,
      `multipart/form-data; boundary="a b"`,
      `multipart/form-data; boundary=${'b'.repeat(71)}`,
      'multipart/form-data; boundary=a@b',
      'multipart/form-data; boundary=<b>',
      'multipart/form-data; boundary=a\\b',
      `multipart/form-data; boundary=${BOUNDARY}; boundary=${BOUNDARY}`,
      `multipart/form-data; boundary=${BOUNDARY}; boundary=other`,
      `multipart/form-data; boundary*=utf-8''${BOUNDARY}`,
      `multipart/form-data; charset=utf-16; boundary=${BOUNDARY}`,
      `multipart/form-data; charset=iso-8859-1; boundary=${BOUNDARY}`,
      `multipart/form-data; boundary=${BOUNDARY}; type=file`,
      `multipart/form-data; boundary=${BOUNDARY}, application/json`,
      `multipart/form-data boundary=${BOUNDARY}`,
      `multipart/form-data; boundary=${BOUNDARY}x`,
      `multipart/form-data; boundary=${BOUNDARY.slice(0, -1)}`,
      `multipart/form-data; boundary=${BOUNDARY.toLowerCase()}`,
      `multipart/form-data; boundary=--${BOUNDARY}`,
    ].map((type): [string, string] => [`the Content-Type ${type}`, type]),
  ];
  const structures: [string, string][] = [
    ['an empty body', ''],
    ['a line break alone', CRLF],
    ['a boundary alone', `--${BOUNDARY}`],
    ['no parts', END],
    ['text before the first boundary', `preamble${CRLF}${valid}`],
    ['a line break before the first boundary', CRLF + valid],
    ['a byte order mark', `\xef\xbb\xbf${valid}`],
    ['text after the final boundary', `${valid}epilogue`],
    ['an empty line after the final boundary', valid + CRLF],
    ['a second form', valid + valid],
    ['a part after the final boundary', valid + model],
    ['no final boundary', model + file],
    ['a final boundary with one dash', `${model}${file}--${BOUNDARY}-${CRLF}`],
    ['a space after a boundary', valid.replace(`${BOUNDARY}${CRLF}`, `${BOUNDARY} ${CRLF}`)],
    ['a boundary that goes on', valid.replace(`${BOUNDARY}${CRLF}`, `${BOUNDARY}xyz${CRLF}`)],
    ['a part without an end of its head', `--${BOUNDARY}${CRLF}${fileHead}`],
    ['a part without a head', `${model}--${BOUNDARY}${CRLF}${CRLF}${CRLF}${audio}${CRLF}${END}`],
    [
      'a head of 5 KB',
      model + part(`${fileHead}${CRLF}Content-Type: ${'a'.repeat(5000)}`, audio) + END,
    ],
    ['300 parts', field('context_bias', 'word').repeat(300) + valid],
    ['10,000 parts', field('context_bias', 'word').repeat(10_000) + valid],
    ['10,000 empty parts', `--${BOUNDARY}${CRLF}`.repeat(10_000) + valid],
    ['a form in a form', model + part('Content-Disposition: form-data; name="file"', valid) + END],
    ['JSON', JSON.stringify({ model: MODEL, file_url: 'https://example.com/a.mp3' })],
    ['line feeds for line breaks', valid.replaceAll(CRLF, '\n')],
    ['carriage returns for line breaks', valid.replaceAll(CRLF, '\r')],
  ];
  // A valid form that ends anywhere, and one that lacks one byte of any of its line breaks.
  for (let at = 1; at < 40; at += 1) {
    const length = Math.floor((valid.length * at) / 40);
    structures.push([`a form cut off after ${at} fortieths`, valid.slice(0, length)]);
  }
  for (let at = valid.indexOf(CRLF); at >= 0; at = valid.indexOf(CRLF, at + 1)) {
    if (at + 2 === valid.length) continue; // the last one may be missing
    structures.push([`no carriage return at ${at}`, valid.slice(0, at) + valid.slice(at + 1)]);
    structures.push([`no line feed at ${at}`, valid.slice(0, at + 1) + valid.slice(at + 2)]);
  }

  const heads = [
    'Content-Type: audio/mpeg',
    'Content-Disposition: attachment; name="file"; filename="a.mp3"',
    'Content-Disposition: form-data',
    'Content-Disposition: form-data; filename="a.mp3"',
    'Content-Disposition: form-data; name=""; filename="a.mp3"',
    'Content-Disposition: form-data; name="file"; name="file"; filename="a.mp3"',
    'Content-Disposition: form-data; name="file"; filename="a.mp3"; filename="b.mp3"',
    'Content-Disposition: form-data; name="file; filename="a.mp3"',
    'Content-Disposition: form-data; name="file" filename="a.mp3"',
    'Content-Disposition: form-data; name="file"; filename="a.mp3',
    'Content-Disposition: form-data; name="fi\\"le"; filename="a.mp3"',
    'Content-Disposition: form-data; name="file\\r\\nx: y"; filename="a.mp3"',
    'Content-Disposition: form-data; name="__proto__"; filename="a.mp3"',
    'Content-Disposition: form-data; name="file[]"; filename="a.mp3"',
    'Content-Disposition: form-data; name="files"; filename="a.mp3"',
    'Content-Disposition: form-data; name="file"; size=3; filename="a.mp3"',
    'Content-Disposition: form-data; name="file"',
    `Content-Disposition: form-data;${CRLF} name="file"; filename="a.mp3"`,
    `${fileHead}${CRLF}${fileHead}`,
    `${fileHead}${CRLF}Content-Type: audio/mpeg${CRLF}Content-Type: audio/wav`,
    `${fileHead}${CRLF}X-Api-Key: stolen`,
    `${fileHead}${CRLF}Authorization: Bearer x`,
    `${fileHead}${CRLF}Content-Encoding: gzip`,
    `${fileHead}${CRLF}Transfer-Encoding: chunked`,
    `${fileHead}${CRLF}Content-Transfer-Encoding: base64`,
    `${fileHead}${CRLF}Content-Transfer-Encoding: quoted-printable`,
    `${fileHead}${CRLF}Content-Transfer-Encoding: x-uuencode`,
    `${fileHead}${CRLF}Content-Type: audio`,
    `${fileHead}${CRLF}Content-Type: audio/mp\x00eg`,
    `${fileHead}${CRLF}Content-Type: <script>/x`,
    `${fileHead}${CRLF}Content-Type : audio/mpeg`,
    `${fileHead}${CRLF}not a header`,
    `${fileHead}${CRLF}: nameless`,
    `${fileHead}\nX-Injected: yes`,
    `${fileHead}\rX-Injected: yes`,
    `${fileHead}\x00`,
  ].map((head): [string, string] => [
    `the head ${JSON.stringify(head)}`,
    model + part(head, audio) + END,
  ]);

  const names = [
    ...[
      '../../etc/passwd',
      '/etc/passwd',
      'a/b.mp3',
      'C:\\a.mp3',
      '..\\a.mp3',
      '.',
      '..',
      '\\\\host\\a',
    ],
    ...[
      'a\\".mp3',
      'a%22.mp3',
      'a%0d%0ax: y.mp3',
      'a%0D%0A.mp3',
      'a%2fb',
      'a%2Fb',
      'a%5cb',
      'a%00.mp3',
    ],
    ...[
      'a\x00.mp3',
      'a\tb.mp3',
      'a\x7f.mp3',
      'a\x1b[31m.mp3',
      'a\xc2\x85.mp3',
      '\xff.mp3',
      '\xc0\xaf.mp3',
    ],
    ...[
      'a\xed\xa0\x80.mp3',
      `${'a'.repeat(252)}.mp3`,
      'a\r\nX-Injected: yes\r\n\r\nb',
      'a\nb',
      'a\rb',
    ],
  ].map((name): [string, string] => [
    `the filename ${JSON.stringify(name)}`,
    model + part(`Content-Disposition: form-data; name="file"; filename="${name}"`, audio) + END,
  ]);

  const before = [
    ...[
      ['unknown', 'x'],
      ['__proto__', 'x'],
      ['constructor', 'x'],
      ['agent_id', 'ag_1'],
      ['prompt', 'x'],
    ],
    ...[
      ['model', MODEL],
      ['model', 'mistral-large-latest'],
      ['file_id', 'f_1'],
      ['file', 'text'],
    ],
    ...[
      ['file_url', 'https://example.com/a.mp3'],
      ['language', 'english'],
      ['language', ''],
      ['language', 'e\r'],
    ],
    ...[
      ['temperature', 'hot'],
      ['temperature', 'NaN'],
      ['temperature', '1e999'],
      ['temperature', '-1'],
    ],
    ...[
      ['stream', 'maybe'],
      ['stream', '1'],
      ['stream', ''],
      ['diarize', 'yes'],
      ['diarize', '0'],
    ],
    ...[
      ['context_bias', 'a,b'],
      ['context_bias', 'a b'],
      ['context_bias', ''],
      ['context_bias[]', '\x00'],
    ],
    ...[
      ['context_bias', 'x'.repeat(257)],
      ['timestamp_granularities', 'a\r\nb'],
      ['response_format', 'srt'],
    ],
    ...[
      ['context_bias', '\xff\xfe'],
      ['model[]', 'x'],
      ['stream[]', 'true'],
      ['language', 'x'.repeat(100_000)],
    ],
  ] as [string, string][];
  const fields: [string, string][] = [
    ...before.map(([name, value]): [string, string] => [
      `the field ${name}=${JSON.stringify(value.slice(0, 40))} before the file`,
      model + field(name, value) + file + END,
    ]),
    ...before.map(([name, value]): [string, string] => [
      `the field ${name}=${JSON.stringify(value.slice(0, 40))} after the file`,
      model + file + field(name, value) + END,
    ]),
    ['no model', file + END],
    ['an empty model', field('model', '') + file + END],
    ['a model of 300 letters', field('model', 'm'.repeat(300)) + file + END],
    ['a model with a line break', field('model', 'a\r\nb') + file + END],
    [
      'a model that is a file',
      part('Content-Disposition: form-data; name="model"; filename="m"', MODEL) + file + END,
    ],
    [
      'a model in UTF-16',
      part(
        `Content-Disposition: form-data; name="model"${CRLF}Content-Type: text/plain; charset=utf-16`,
        MODEL,
      ) +
        file +
        END,
    ],
    ['a model that is not allowed', field('model', 'mistral-large-latest') + file + END],
    ['a model that does not exist', field('model', '../admin') + file + END],
    ['no file, URL or id', model + END],
    ['two files', model + file + file + END],
    ...[
      'ftp://example.com/a',
      'file:///etc/passwd',
      'javascript:alert(1)',
      '//example.com/a',
      'https://',
      'https://a b',
      `https://a/${'x'.repeat(2100)}`,
      'https://a/\r\nx',
    ].map((url): [string, string] => [
      `the URL ${JSON.stringify(url.slice(0, 40))}`,
      model + field('file_url', url) + END,
    ]),
    [
      'an id that belongs to others',
      model + field('file_id', '00000000-0000-0000-0000-000000000000') + END,
    ],
    ['an id with a path', model + field('file_id', '../files/x') + END],
    ['an id with an escape', model + field('file_id', '%2e%2e') + END],
  ];

  const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
  const encoded = ['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'gzip, gzip', 'identity, gzip'];
  return [
    ...types.map(([what, contentType]) => ({ what, contentType, body: bytes(valid) })),
    ...[...structures, ...heads, ...names, ...fields].map(([what, body]) => ({
      what,
      contentType: TYPE,
      body: bytes(body),
    })),
    ...encoded.map((contentEncoding) => ({
      what: `the Content-Encoding ${contentEncoding}`,
      ...{ contentType: TYPE, contentEncoding, body: bomb },
    })),
  ];
}

/** A form that is served. */
export function harmlessForm(audio: string): HostileForm {
  const disposition = 'Content-Disposition: form-data; name="file"; filename="a.mp3"';
  const body = bytes(field('model', MODEL) + part(disposition, audio) + END);
  return { what: 'nothing', contentType: TYPE, body };
}
