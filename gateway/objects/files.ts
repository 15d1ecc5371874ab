import { NO_QUERY, queryText } from '../../governance/metering/query.js';
import { listFiles } from './file-list.js';
import { answerFor, type ObjectCall, type Operation } from './object-request.js';
import { isProblem, ownObject } from './own-objects.js';
import { uploadFile } from './upload-file.js';

/** By method and path of the table of endpoints. */
export const FILE_OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /v1/files': uploadFile,
  'GET /v1/files': listFiles,
  'GET /v1/files/{id}': async (call) => {
    const record = await ownObject(call, 'file', call.endpoint.id);
    if (isProblem(record)) return record;
    return answerFor(await call.ask(get(call.endpoint.path)), 'file', call.deps.now());
  },
  'GET /v1/files/{id}/url': async (call) => {
    const { path, query = NO_QUERY, id } = call.endpoint;
    const record = await ownObject(call, 'file', id);
    if (isProblem(record)) return record;
    const asked = await call.ask(get(path + queryText(query)));
    return answerFor(asked, 'file', call.deps.now());
  },
  'GET /v1/files/{id}/content': async (call) => {
    const record = await ownObject(call, 'file', call.endpoint.id);
    if (isProblem(record)) return record;
    return answerFor(await call.passOn(call.endpoint.path, 'file'), 'file', call.deps.now());
  },
  'DELETE /v1/files/{id}': deleteFile,
};

function get(path: string) {
  return { method: 'GET', path, body: undefined } as const;
}

/** The record goes last: until then the owner can repeat it, also where Mistral's answer was lost. */
async function deleteFile(call: ObjectCall) {
  const { endpoint, objects, deps } = call;
  const record = await ownObject(call, 'file', endpoint.id);
  if (isProblem(record)) return record;
  const asked = await call.ask({ method: 'DELETE', path: endpoint.path, body: undefined });
  const isGone = asked.kind === 'answered' && (asked.status < 300 || asked.status === 404);
  if (isGone) {
    try {
      await objects.forget(record);
    } catch (error) {
      // What Mistral no longer has is not found at the next use either.
      deps.log.warn('owner of a deleted object not removed', {
        kind: 'file',
        id: record.id,
        error,
      });
    }
  }
  return answerFor(asked, 'file', deps.now());
}
