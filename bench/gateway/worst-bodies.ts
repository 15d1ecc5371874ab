/** As many as the policy allows by default. */
const BODY_BYTES = 4_194_304;
/** Just below what is refused: at most 40,000 fields and items, and 1,000 fields of the body itself. */
const VALUES = 39_900;
const FIELDS = 990;

const BODY = ['{"model":"mistral-small-latest","messages":[', ']}'] as const;
const STRING = [`${BODY[0]}"`, `"${BODY[1]}`] as const;
const OBJECT = [`${BODY[0]}{`, `}${BODY[1]}`] as const;
const FIELDS_OF_BODY = ['{"model":"mistral-small-latest","messages":[],', '}'] as const;
const PARTS = [
  '{"model":"mistral-small-latest","messages":[{"role":"user","content":[',
  ']}]}',
] as const;
const TOOLS = ['{"model":"mistral-small-latest","messages":[],"tools":[', ']}'] as const;
const MAX_TOKENS = ['{"model":"mistral-small-latest","messages":[],"max_tokens":[', ']}'] as const;

type Around = readonly [before: string, after: string];
type Piece = (at: number) => string;

/** What is between `before` and `after`: the pieces, and how many values each is. */
const LISTS: readonly (readonly [name: string, around: Around, values: number, piece: Piece])[] = [
  ['brackets, a hundred deep', BODY, 102, () => '['.repeat(101) + ']'.repeat(101)],
  ['empty lists', BODY, 2, () => '[]'],
  ['empty objects', BODY, 2, () => '{}'],
  ['objects in objects', BODY, 202, () => `${'{"a":'.repeat(100)}0${'}'.repeat(100)}`],
  ['short keys', BODY, 3, () => '{"a":0}'],
  ['keys of one object', OBJECT, 2, (at) => `"${at}x":0`],
  ['keys of one object, escaped', OBJECT, 2, (at) => `"\\u0061${at}":0`],
  ['keys of one object that are numbers', OBJECT, 2, (at) => `"${at * 7919}":0`],
  ['one key many times', OBJECT, 2, () => '"a":0'],
  ['whole numbers', BODY, 1, () => '1'],
  ['long fractions', BODY, 1, () => '0.1234567890123456789012345678901234567890e-300'],
  ['short strings', BODY, 1, () => '""'],
  ['short escapes', BODY, 1, () => '"\\n\\n"'],
  ['messages', BODY, 5, () => '{"role":"user","content":"a"}'],
  ['parts of a message', PARTS, 5, () => '{"type":"text","text":"a"}'],
  ['images of a message', PARTS, 5, () => '{"type":"image_url","image_url":"a"}'],
  ['tools', TOOLS, 3, () => '{"type":"function"}'],
  ['a limit of many values', MAX_TOKENS, 1, () => '0'],
  ['strings of 80 escaped characters', BODY, 1, () => `"${'\\u00e9'.repeat(13)}"`],
  ['strings of 4 KB of escapes', BODY, 1, () => `"${'\\n'.repeat(2040)}"`],
  ['strings of 4 KB of escaped characters', BODY, 1, () => `"${'\\u00e9'.repeat(680)}"`],
  ['strings of 4 KB of escaped quotes', BODY, 1, () => `"${'\\"'.repeat(2040)}"`],
  ['strings of 4 KB beyond ASCII', BODY, 1, () => `"${'é'.repeat(2040)}"`],
  ['strings of 5 KB', BODY, 1, () => `"${'a'.repeat(5000)}"`],
  ['numbers of a hundred digits', BODY, 1, () => '7'.repeat(100)],
];

const FILLED: readonly (readonly [name: string, around: Around, piece: string])[] = [
  ['brackets that are never closed', ['{"model":"mistral-small-latest","messages":', ''], '['],
  ['one number', BODY, '7'],
  ['one fraction', [`${BODY[0]}0.`, `1${BODY[1]}`], '0'],
  ['one exponent', [`${BODY[0]}1e`, `1${BODY[1]}`], '0'],
  ['white space', BODY, ' '],
  ['one string', STRING, 'a'],
  ['one string of u', STRING, 'u'],
  ['one string beyond ASCII', STRING, 'é'],
  ['one string of CJK', STRING, '漢'],
  ['one string of emoji', STRING, '😀'],
  ['one string of what invalid UTF-8 decodes to', STRING, '\uFFFD'],
  ['one string of escapes', STRING, '\\n'],
  ['one string of escapes, one of a zero', [STRING[0], `\\u0000${STRING[1]}`], '\\\\'],
  ['one string of escaped quotes', STRING, '\\"'],
  ['one string of backslashes', STRING, '\\\\'],
  ['one string of escaped characters', STRING, '\\u00e9'],
  ['a model as long as the body', ['{"messages":[],"model":"', '"}'], 'a'],
  [
    'a limit as long as the body',
    ['{"model":"mistral-small-latest","messages":[],"max_tokens":"', '"}'],
    'a',
  ],
  ['letters without quotes', BODY, 'a'],
  ['backslashes without quotes', BODY, '\\'],
  ['colons', BODY, ':'],
  ['commas', BODY, ','],
  ['quotes', BODY, '"'],
];

/** Bodies that take long to read: with as many values as are allowed, and as large as is allowed. */
export function worstBodies(bytes = BODY_BYTES): ReadonlyMap<string, Buffer> {
  const bodies = new Map<string, Buffer>();
  for (const [name, around, values, piece] of LISTS) {
    bodies.set(name, listed(around, piece, Math.floor(VALUES / values), bytes));
    bodies.set(`${name}, too many`, listed(around, piece, bytes, bytes));
  }
  bodies.set(
    'fields',
    listed(FIELDS_OF_BODY, (at) => `"k${at}":0`, FIELDS, bytes),
  );
  bodies.set(
    'escaped fields',
    listed(FIELDS_OF_BODY, (at) => `"\\u006b${at}":0`, FIELDS, bytes),
  );
  bodies.set(
    'fields, too many',
    listed(FIELDS_OF_BODY, (at) => `"k${at}":0`, bytes, bytes),
  );
  for (const [name, [before, after], piece] of FILLED) {
    const room = bytes - Buffer.byteLength(before + after);
    const pieces = piece.repeat(Math.floor(room / Buffer.byteLength(piece)));
    bodies.set(name, Buffer.from(before + pieces + after));
  }
  return bodies;
}

/** Ends with white space where all pieces leave room for more. */
function listed([before, after]: Around, piece: Piece, most: number, bytes: number): Buffer {
  const pieces: string[] = [];
  let room = bytes - Buffer.byteLength(before + after);
  for (let at = 0; at < most; at += 1) {
    const one = piece(at);
    room -= Buffer.byteLength(one) + 1;
    if (room < 0) break;
    pieces.push(one);
  }
  return Buffer.from(before + pieces.join(',') + after + ' '.repeat(Math.max(0, room)));
}
