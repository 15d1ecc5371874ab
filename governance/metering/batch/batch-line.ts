import { isAscii, isUtf8 } from 'node:buffer';
import type { AccessGrant } from '../../access/access.js';
import type { ModelDirectory } from '../../access/model-directory.js';
import { isObject, parseJson } from '../../platform/json.js';
import { quoted } from '../../platform/wording.js';
import { type Demand, demandOf } from '../demand.js';
import type { MeteredEndpoint } from '../endpoints.js';
import { decoded, outlineOf, shortenedLength } from '../json-outline.js';
import type { Authorize } from '../live-access.js';
import { type Problem, problem } from '../problem.js';
import { type ParsedBody, parseRequestBody } from '../request-body.js';
import { isSet } from '../spellings.js';
import { writeRequestBody } from '../written-body.js';

/** What a line of a batch job is checked against: all lines are requests of one endpoint and model. */
export interface LineRules {
  readonly endpoint: MeteredEndpoint;
  readonly callerArn: string;
  /** The exact id of the job's model. */
  readonly modelId: string;
  readonly access: {
    readonly authorize: Authorize;
    readonly models: Pick<ModelDirectory, 'contextTokens'>;
  };
  readonly passUnknownFields: boolean;
}

export interface CheckedLine {
  readonly kind: 'line';
  readonly customId: string | undefined;
  readonly demand: Demand;
}

/** In an object that holds a request and its name, beside its id and its body: if at all, with these values. */
const USUAL: ReadonlyMap<string, (endpoint: MeteredEndpoint) => string> = new Map([
  ['method', () => 'POST'],
  ['url', ({ path }: MeteredEndpoint) => path],
]);
const LONGEST_ID = 1024;

/** Line ends to some readers: a request could hide between two of them. */
const OTHER_LINE_ENDS = ['\u0085', '\u2028', '\u2029'].map((end) => Buffer.from(end));
const RETURN = 0x0d;

/**
 * Checks a line of an uploaded file like a request, and bounds it. Mistral reads the file as it was
 * uploaded, so a line is accepted only if its body is, byte for byte, what the gateway would send.
 */
export function checkLine(received: Buffer, rules: LineRules): CheckedLine | Problem {
  const line = received.at(-1) === RETURN ? received.subarray(0, -1) : received;
  const isPlain = isAscii(line);
  if (!isPlain && !isUtf8(line)) return invalid('is not valid UTF-8');
  if (line.includes(RETURN) || (!isPlain && OTHER_LINE_ENDS.some((end) => line.includes(end)))) {
    return invalid(
      'has a line end within it (U+000D, U+0085, U+2028 or U+2029): write it as an escape',
    );
  }
  const text = line.toString('latin1');
  const { members, excess, skeleton, isShortened } = outlineOf(text);
  if (excess !== undefined) return invalid(excess);
  const fields = parseJson(isPlain ? skeleton : decoded(skeleton));
  if (!isObject(fields) || Array.isArray(fields)) return invalid('is not a JSON object');
  if (members.length > Object.keys(fields).length) return invalid('gives a name twice');
  for (const name of Object.keys(fields)) {
    if (name === 'custom_id' || name === 'body') continue;
    const usual = USUAL.get(name)?.(rules.endpoint);
    if (usual === undefined || fields[name] !== usual) {
      const allowed = usual === undefined ? 'custom_id and body' : quoted(usual);
      return invalid(`has ${quoted(name)} ${quoted(fields[name])}: allowed is ${allowed}`);
    }
  }
  const { custom_id: id } = fields;
  const isLong = isShortened && typeof id === 'string' && shortenedLength(id) !== undefined;
  if (isSet(id) && (typeof id !== 'string' || id === '' || isLong || id.length > LONGEST_ID)) {
    return invalid(`has no usable custom_id: allowed is a text of 1 to ${LONGEST_ID} characters`);
  }
  if (!isObject(fields.body) || Array.isArray(fields.body)) {
    return invalid('has no body: allowed is a JSON object');
  }
  const place = members.find(({ name }) => name === 'body');
  const body = line.subarray(place?.valueStart, place?.end);
  const checked = checkBody(body, rules);
  if ('code' in checked) return checked;
  return { kind: 'line', customId: typeof id === 'string' ? id : undefined, demand: checked };
}

function checkBody(bytes: Buffer, rules: LineRules): Demand | Problem {
  const { endpoint, callerArn, modelId, access, passUnknownFields } = rules;
  const { kind } = endpoint;
  const body = parseRequestBody(bytes, endpoint, passUnknownFields, modelId);
  if (body.kind === 'problem') return body;
  if (body.model !== modelId) {
    return problem(
      'invalid_field',
      `model ${quoted(body.model)} is not the exact id of the job's model: leave it out, or write ${quoted(modelId)}`,
    );
  }
  const grant = access.authorize(callerArn, { model: body.model, maxTokens: body.maxTokens });
  if (grant.kind === 'refuse') return problem(grant.code, grant.message);
  const misfit = notForJobs(body, kind === 'generation', grant) ?? rewritten(body, rules, grant);
  if (misfit !== undefined) return problem('invalid_field', misfit);
  return demandOf(body, body.promptBytes, kind, grant, access.models);
}

function notForJobs(body: ParsedBody, isLimited: boolean, grant: AccessGrant): string | undefined {
  const { fields, maxTokens, limitName } = body;
  if (isLimited && !isSet(maxTokens)) {
    return `max_tokens is missing: each line of a batch job sets it, to at most ${grant.maxTokens}`;
  }
  if (grant.isCapped) {
    return `${limitName} ${quoted(maxTokens)} is above the limit of the role, and is not lowered in a batch job: allowed are 1 to ${grant.maxTokens}`;
  }
  if (fields.stream === true) return 'stream is true: a batch job does not stream';
  if (body.priority) return 'service_tier is not available in batch jobs: leave it out';
  if (body.objects !== undefined && body.objects.length > 0) {
    return 'files of Mistral are not available in batch jobs: give a URL instead of file_id';
  }
  return undefined;
}

/** Why the gateway would send something else: the first of its reasons. */
function rewritten(
  body: ParsedBody,
  { callerArn, modelId }: LineRules,
  grant: AccessGrant,
): string | undefined {
  const maxTokens = isSet(body.maxTokens) ? grant.maxTokens : undefined;
  if (writeRequestBody(body, modelId, maxTokens, callerArn).bytes === body.bytes) return undefined;
  const { fields, members, spellings } = body;
  if (members.length > Object.keys(fields).length) return 'the body gives a name twice';
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === null) return `${quoted(name)} is null: leave it out`;
    const ours = spellings.renamed.get(name);
    if (ours !== undefined) return `${quoted(name)} is not read by Mistral: write ${quoted(ours)}`;
    if (name === 'prompt_cache_key') {
      return 'prompt_cache_key is not available in batch jobs: leave it out';
    }
    if (spellings.dropped.has(name) || spellings.droppedIfIdle.has(name)) {
      return `${quoted(name)} is not read by Mistral: leave it out`;
    }
  }
  return 'the body has fields that are null or ask for nothing, or a number that is not written plainly: leave them out, and write whole numbers with digits alone';
}

function invalid(what: string): Problem {
  return problem('invalid_request', what);
}
