import type { Problem } from '../problem.js';
import { type FileHead, type FormEntry, FormReader } from './form-reader.js';
import { FormScanner } from './form-scanner.js';
import type { FormShape } from './form-shape.js';
import { boundaryOf } from './form-type.js';

/** What was read of a form: all of it, or all before the bytes of its file. */
export interface ReceivedForm {
  readonly kind: 'form';
  readonly shape: FormShape;
  readonly entries: readonly FormEntry[];
  readonly file: FileHead | undefined;
  /** Of a form that is in memory. */
  readonly content: readonly Buffer[] | undefined;
  /** At most as many as the file has. */
  readonly fileBytes: number;
}

/** Reads a form that is in memory, without a copy of its file. */
export function readForm(
  received: Buffer,
  contentType: string | undefined,
  shape: FormShape,
): ReceivedForm | Problem {
  const boundary = boundaryOf(contentType);
  if (typeof boundary !== 'string') return boundary;
  const content: Buffer[] = [];
  const reader = new FormReader(shape, {
    file: () => undefined,
    data(bytes) {
      content.push(bytes);
      return undefined;
    },
  });
  const scanner = new FormScanner(boundary, reader);
  const wrong = scanner.write(received) ?? scanner.end() ?? reader.missing();
  if (wrong) return wrong;
  const { entries, file } = reader;
  const fileBytes = content.reduce((sum, { length }) => sum + length, 0);
  return { kind: 'form', shape, entries, file, content, fileBytes };
}
