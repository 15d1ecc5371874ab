import type { AccessGrant } from '../access/access.js';
import type { Authorized } from './authorized.js';
import type { Demand } from './demand.js';
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
  return {
    kind: 'authorized',
    demand: demandOf(grant, file ? fileBytes : undefined),
    body: isOpen ? start : Buffer.concat([start, ...(content ?? []), written.end(file)]),
    contentType: written.contentType,
    open: isOpen ? written : undefined,
    cappedTo: undefined,
    objects: entries.flatMap(([name, id]) =>
      name === 'file_id' ? [{ kind: 'file' as const, id, param: name }] : [],
    ),
  };
}

/** Mistral transcribes no longer audio. */
const LONGEST_AUDIO_SECONDS = 180 * 60;
/** Of Opus, the lowest bitrate at which speech is recorded: 6 kbit/s. A file of these bytes is no longer. */
const BYTES_PER_SECOND = 750;
/** Voxtral uses twelve and a half tokens per second, and a few for the instruction. */
const TOKENS_PER_SECOND = 13;
const INSTRUCTION_TOKENS = 64;
/** Of the fastest speech, in a script with a token for each character. */
const SPOKEN_TOKENS_PER_SECOND = 20;

function demandOf(grant: AccessGrant, fileBytes: number | undefined): Demand {
  const longest = LONGEST_AUDIO_SECONDS;
  const ofBytes = fileBytes === undefined ? longest : Math.ceil(fileBytes / BYTES_PER_SECOND);
  const audioSeconds = Math.min(longest, ofBytes);
  return {
    grant,
    promptTokens: INSTRUCTION_TOKENS + audioSeconds * TOKENS_PER_SECOND,
    completionTokens: audioSeconds * SPOKEN_TOKENS_PER_SECOND,
    completions: 1,
    pages: 0,
    audioSeconds,
    characters: 0,
    priority: false,
    annotated: false,
    streamed: false,
    toolCalls: 0,
    staysHome: false,
    transcribed: true,
  };
}
