import { isUtf8 } from 'node:buffer';
import { quoted } from '../../platform/wording.js';
import { type Problem, problem } from '../problem.js';
import type { FormReceiver } from './form-scanner.js';
import type { FormField, FormShape } from './form-shape.js';
import type { PartHead } from './part-head.js';

/** Name and value, in the order in which they came: a list is several of them. */
export type FormEntry = readonly [name: string, value: string];

/** Where the file of a form goes. */
export interface FileReceiver {
  /** The fields before it were read. */
  file(head: FileHead): Problem | undefined;
  data(bytes: Buffer): Problem | undefined;
}

export type FileHead = Pick<PartHead, 'contentType'> & { readonly filename: string };

/** Reads and checks the fields of a form, and passes its file on. */
export class FormReader implements FormReceiver {
  readonly entries: FormEntry[] = [];
  readonly #given = new Set<string>();
  #file: FileHead | undefined;
  #name = '';
  /** Of the text being read; none for the file. */
  #field: FormField | undefined;
  #value: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly shape: FormShape,
    private readonly files: FileReceiver,
  ) {}

  get file(): FileHead | undefined {
    return this.#file;
  }

  valueOf(name: string): string | undefined {
    return this.entries.find(([one]) => one === name)?.[1];
  }

  /** What is missing, once all was read. */
  missing(): Problem | undefined {
    const { needed, sources } = this.shape;
    if (this.valueOf(needed) === undefined) return invalid(needed, 'is missing');
    if (sources.some((one) => this.#given.has(one))) return undefined;
    const [param = ''] = sources;
    return invalid(
      param,
      sources.length > 1 ? `is missing: one of ${sources.join(', ')} is needed` : 'is missing',
    );
  }

  part({ name: given, filename, contentType }: PartHead): Problem | undefined {
    const { fields, file, sources, path } = this.shape;
    const plain = given.endsWith('[]') ? given.slice(0, -2) : given;
    const name = fields.get(plain)?.isList ? plain : given;
    const field = fields.get(name);
    if (!field && name !== file) {
      const allowed = [file, ...fields.keys()].join(', ');
      return invalid(name, `is not a field of ${path}: allowed are ${allowed}`);
    }
    if (this.#given.has(name) && !field?.isList) {
      return invalid(name, 'is given twice: give it once');
    }
    const other = sources.includes(name) && sources.find((one) => this.#given.has(one));
    if (other) return invalid(name, `and ${other} are both given: give one of them`);
    this.#given.add(name);
    this.#name = name;
    this.#field = field;
    if (field) return filename === undefined ? undefined : invalid(name, 'is a text, not a file');
    if (filename === undefined) return invalid(name, 'must be a file: give its part a filename');
    this.#file = { filename, contentType };
    return this.files.file(this.#file);
  }

  data(bytes: Buffer): Problem | undefined {
    if (!this.#field) return this.files.data(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > this.#field.longest) {
      return invalid(this.#name, `is too long: at most ${this.#field.longest} bytes are allowed`);
    }
    this.#value.push(Buffer.from(bytes)); // the chunk is not kept for it
    return undefined;
  }

  partEnd(): Problem | undefined {
    const field = this.#field;
    if (!field) return undefined;
    const bytes = Buffer.concat(this.#value);
    this.#value = [];
    this.#bytes = 0;
    if (!isUtf8(bytes)) return invalid(this.#name, 'is not valid UTF-8');
    const given = bytes.toString('utf8');
    const value = field.read(given);
    if (value === undefined) {
      return invalid(this.#name, `${quoted(given)} is not allowed: it must be ${field.allowed}`);
    }
    if (value !== '') this.entries.push([this.#name, value]);
    return undefined;
  }
}

function invalid(param: string, what: string): Problem {
  return problem('invalid_field', `${param} ${what}`, { param });
}
