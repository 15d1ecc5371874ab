import type { AccessGrant } from '../access/access.js';
import type { Authorized } from './authorized.js';
import type { Demand } from './demand.js';
import { TRANSCRIPTION_FORM } from './forms/form-shape.js';
import type { ReceivedForm } from './forms/whole-form.js';
import { WrittenForm } from './forms/written-form.js';
import type { Authorize } from './live-access.js';
import { type Problem, problem } from './problem.js';

/** Checks model and file of a transcription, before anything is reserved. */
export function authorizeTranscription(
  { shape, entries, file, content, fileBytes }: ReceivedForm,
  callerArn: string,
  authorize: Authorize,
): Authorized | Problem {
  const model = entries.find(([name]) => name === 'model')?.[1] ?? '';
  const grant = authorize(callerArn, { model, maxTokens: undefined });
  if (grant.kind === 'refuse') return problem(grant.code, grant.message);
  const written = new WrittenForm();
  const exact = entries.map((entry) =>
    entry[0] === 'model' ? (['model', grant.modelId] as const) : entry,
  );
  const start = written.start(exact, shape.file, file);
  const isOpen = file !== undefined && content === undefined;
  const objects = entries.flatMap(([name, id]) =>
    name === 'file_id' ? [{ kind: 'file' as const, id, param: name }] : [],
  );
  return {
    kind: 'authorized',
    demand: {
      ...transcriptionDemand(grant, file ? fileBytes : undefined),
      staysHome: objects.length > 0,
    },
    body: isOpen ? start : Buffer.concat([start, ...(content ?? []), written.end(file)]),
    contentType: written.contentType,
    open: isOpen ? written : undefined,
    cappedTo: undefined,
    objects,
  };
}

/** Mistral transcribes no longer audio. */
const LONGEST_SECONDS = 3 * 60 * 60;
/**
 * Of 6 kbit/s, the lowest bitrate of Opus, and with that of all formats that Mistral reads: MP3 has 8, WAV and FLAC of
 * speech have more. Silence alone may take less.
 */
const BYTES_PER_SECOND = 750;
/** Voxtral uses twelve and a half tokens per second, and a few for the instruction. */
const TOKENS_PER_SECOND = 13;
const INSTRUCTION_TOKENS = 64;
/** Of fast speech in a script that has a token for each character or two. */
const SPOKEN_TOKENS_PER_SECOND = 10;

/** @param fileBytes of a file that comes with the request */
export function transcriptionDemand(grant: AccessGrant, fileBytes: number | undefined): Demand {
  const limit = grant.audioMinutes * 60;
  const ofBytes = fileBytes === undefined ? limit : Math.ceil(fileBytes / BYTES_PER_SECOND);
  return {
    grant,
    route: TRANSCRIPTION_FORM.path,
    ...transcribed(Math.min(limit, ofBytes)),
    completions: 1,
    pages: 0,
    characters: 0,
    priority: false,
    annotated: false,
    streamed: false,
    toolCalls: 0,
    staysHome: false,
    // Neither the policy nor a number of bytes makes audio shorter.
    unreported: transcribed(Math.max(limit, LONGEST_SECONDS)),
  };
}

function transcribed(audioSeconds: number): NonNullable<Demand['unreported']> {
  return {
    audioSeconds,
    promptTokens: INSTRUCTION_TOKENS + audioSeconds * TOKENS_PER_SECOND,
    completionTokens: audioSeconds * SPOKEN_TOKENS_PER_SECOND,
  };
}
