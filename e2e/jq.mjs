import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { raw } from 'jq-wasm';

// jq itself, for a machine that has none. Its command line is taken apart here only to find the files.
const VALUES_AFTER = { '--arg': 2, '--argjson': 2, '--indent': 1 };
const NOT_TAKEN = /^(-[a-zA-Z]*[fLn]|--(from-file|slurpfile|rawfile|args|jsonargs|null-input)$)/;

const options = [];
const others = [];
for (let rest = process.argv.slice(2); rest.length > 0; ) {
  const [word] = rest;
  if (NOT_TAKEN.test(word)) throw new Error(`${word} is not taken here: install jq for it`);
  const length = 1 + (VALUES_AFTER[word] ?? 0);
  (word.startsWith('-') ? options : others).push(...rest.slice(0, length));
  rest = rest.slice(length);
}
const [filter = '.', ...files] = others;
const input =
  files.length > 0
    ? files.map((file) => readFileSync(file, 'utf8')).join('\n')
    : await text(process.stdin);

const { stdout, stderr, exitCode } = await raw(input, filter, options);
if (stdout !== '') process.stdout.write(`${stdout}\n`);
if (stderr !== '') process.stderr.write(`${stderr}\n`);
process.exitCode = exitCode;
