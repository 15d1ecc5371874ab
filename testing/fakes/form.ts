import * as z from 'zod';
import type { HttpCall } from './http-server.js';

/** The file of a form. */
export interface FormFile {
  readonly filename: string;
  readonly mimetype: string | null;
  readonly content: string;
}

/** The parts of a form that is right: nothing here checks one. Of fields that are lists, the last is kept. */
export function formOf({ headers, body }: Pick<HttpCall, 'headers' | 'body'>) {
  const boundary = /boundary="?([^";]+)/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const fields = new Map<string, string>();
  let file: FormFile | undefined;
  for (const part of body.split(`--${boundary}`).slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n');
    const head = part.slice(0, end);
    const content = part.slice(end + 4, -2);
    const name = / name="([^"]*)"/.exec(head)?.[1] ?? '';
    const filename = / filename="([^"]*)"/.exec(head)?.[1];
    if (filename === undefined) fields.set(name, content);
    else {
      const mimetype = /content-type: *([^\r\n]+)/i.exec(head)?.[1] ?? null;
      file = { filename, mimetype, content };
    }
  }
  return { fields, file };
}

/** The fields of a form are texts. */
export const TranscriptionSchema = z.strictObject({
  model: z.string(),
  file: z.unknown().optional(),
  file_url: z.url().optional(),
  file_id: z.guid().optional(),
  language: z.string().length(2).optional(),
  temperature: z.string().optional(),
  stream: z.enum(['true', 'false']).optional(),
  diarize: z.enum(['true', 'false']).optional(),
  context_bias: z.string().optional(),
  timestamp_granularities: z.enum(['segment', 'word']).optional(),
});
