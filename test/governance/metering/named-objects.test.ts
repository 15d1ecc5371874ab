import { expect, test } from 'vitest';
import { objectsNamedIn } from '../../../governance/metering/named-objects.js';

const file = (id: string, param: string) => ({ kind: 'file', id, param });

test.each<[string, Record<string, unknown>, ReturnType<typeof file>[]]>([
  ['no object', { messages: [{ role: 'user', content: 'file_id' }] }, []],
  [
    'a part of a message',
    { messages: [{ role: 'user', content: [{ type: 'text' }, { type: 'file', file_id: 'a' }] }] },
    [file('a', 'messages[0].content[1].file_id')],
  ],
  [
    'a part of what a tool answered',
    { messages: [{ role: 'tool', content: [{ type: 'file', file_id: 'a' }] }] },
    [file('a', 'messages[0].content[0].file_id')],
  ],
  ['a document', { document: { file_id: 'a' } }, [file('a', 'document.file_id')]],
  [
    'a document with a second thought',
    { document: { type: 'document_url', document_url: 'https://x', file_id: 'a' } },
    [file('a', 'document.file_id')],
  ],
  ["what is the caller's own", { metadata: { file_id: 'a' }, document: {} }, []],
  [
    'the schema of a tool',
    { messages: [], tools: [{ function: { parameters: { properties: { file_id: {} } } } }] },
    [],
  ],
])('a body with %s', (_what, fields, expected) => {
  expect(objectsNamedIn(fields, false)).toEqual(expected);
});

test.each([
  'file_id',
  'file',
  'files',
  'file_ids',
  'fileId',
  'fileIds',
  'input_files',
  'inputFile',
  'input_file_id',
])('where unknown fields may pass, %s names a file at any depth', (name) => {
  const id = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
  expect(objectsNamedIn({ new_thing: [{ within: { [name]: id } }] }, true)).toEqual([
    file(id, `new_thing[0].within.${name}`),
  ]);
  expect(objectsNamedIn({ new_thing: { [name]: [id, 'other'] } }, true)).toEqual([
    file(id, `new_thing.${name}`),
    file('other', `new_thing.${name}`),
  ]);
});

test.each([
  ['conversation_id', 'conversation'],
  ['batch_ids', 'batch'],
  ['job_id', 'batch'],
])('%s names another object there', (name, kind) => {
  expect(objectsNamedIn({ more: { [name]: 'a' } }, true)).toMatchObject([{ kind, id: 'a' }]);
});

test.each(['profile', 'filename', 'file_name', 'tool_call_id', 'id', 'jobs_done'])(
  '%s is no name of an object',
  (name) => {
    expect(objectsNamedIn({ more: { [name]: 'a' } }, true)).toEqual([]);
  },
);

test('a member that is no text is looked into', () => {
  expect(objectsNamedIn({ more: { file: { file_id: 'a' } } }, true)).toMatchObject([{ id: 'a' }]);
});
