import { WrittenForm } from '../../governance/metering/forms/written-form.js';
import type { Problem, WholeAnswer } from '../../governance/metering/problem.js';
import { isObjectId } from '../../governance/objects/objects.js';
import type { Created } from '../../governance/objects/ownership.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { failureForCaller } from '../problems.js';
import { receivedBody } from '../uploads/received-body.js';
import { Upload } from '../uploads/upload.js';
import type { Asked } from './ask-mistral.js';
import { answerFor, type ObjectCall } from './object-request.js';
import { recordCreated } from './record-created.js';

/** Sends a file on, and makes the caller its owner before it learns the id. */
export async function uploadFile(
  call: ObjectCall,
): Promise<Problem | WholeAnswer | 'delivered' | 'broken off'> {
  const { endpoint, head, body: received, deps } = call;
  const form = await receivedBody(endpoint, head, received);
  if (Buffer.isBuffer(form)) throw new Error(`no form for ${endpoint.route}`);
  if ('code' in form) return form;
  const { entries, file, content, shape } = form;
  const written = new WrittenForm();
  const start = written.start(entries, shape.file, file);
  const isOpen = received instanceof Upload && content === undefined;
  const asked = await call.ask({
    method: 'POST',
    path: endpoint.path,
    body: isOpen
      ? received.send(start, written)
      : Buffer.concat([start, ...(content ?? []), written.end(file)]),
    contentType: written.contentType,
    isOnce: isOpen,
  });
  const wrong = received instanceof Upload ? received.problem : undefined;
  if (asked.kind !== 'answered' || asked.status >= 300) {
    return wrong ?? answerFor(asked, 'file', deps.now());
  }
  const created = createdFile(asked);
  if (!created) {
    deps.log.error('a file was created, and its description is not readable', {
      workspace: call.owner.access.workspace,
    });
    return failureForCaller('connection broken');
  }
  const undo = { method: 'DELETE', path: `${endpoint.path}/${created.id}` } as const;
  if (wrong) {
    await call.ask({ ...undo, body: undefined }); // of a part of what was meant
    return wrong;
  }
  return (await recordCreated(call, created, undo)) ?? answerFor(asked, 'file', deps.now());
}

/** What lists show of a file. */
const CARD = [
  ...['id', 'object', 'bytes', 'created_at', 'filename', 'purpose', 'sample_type', 'num_lines'],
  ...['mimetype', 'source', 'signature', 'expires_at', 'visibility'],
];
const LONGEST_VALUE = 1024;

/** `undefined` where the answer does not name a file. */
export function createdFile({
  body,
  key,
}: Asked & { readonly kind: 'answered' }): Created | undefined {
  const said = parseJson(body.toString('utf8'));
  if (!isObject(said) || !isObjectId(said.id)) return undefined;
  const { id, expires_at: expiresAt } = said;
  const members = CARD.flatMap((name) => {
    const value = said[name];
    const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    const isKept =
      isPlain && String(value).length <= LONGEST_VALUE && !String(value).includes(key.reveal());
    return isKept ? [[name, value] as const] : [];
  });
  return {
    kind: 'file',
    id,
    card: Object.fromEntries(members),
    expiresAtMs: typeof expiresAt === 'number' ? expiresAt * 1000 : undefined,
  };
}
