import { objectNotRecorded, type Problem, problem } from '../../governance/metering/problem.js';
import type { Created, Owner, Ownership } from '../../governance/objects/ownership.js';
import type { GatewayDeps } from '../gateway-deps.js';
import type { Asked, Question } from './ask-mistral.js';

export interface Recording {
  readonly deps: Pick<GatewayDeps, 'log'>;
  readonly objects: Ownership;
  readonly owner: Owner;
  /** Asks Mistral with the key of the caller's workspace. */
  ask(question: Pick<Question, 'method' | 'path' | 'body'>): Promise<Asked>;
}

const ATTEMPTS = 3;

/**
 * Makes the caller the owner of what Mistral has just created for it, before it learns of it. Where that cannot
 * be recorded the object is deleted again, so that nothing stays that no caller owns.
 *
 * @param undo how Mistral deletes or ends it
 */
export async function recordCreated(
  { deps: { log }, objects, owner, ask }: Recording,
  created: Created,
  undo: Pick<Question, 'method' | 'path'>,
): Promise<Problem | undefined> {
  const recorded = await objects.record(owner, created);
  if (recorded.kind === 'recorded') return undefined;
  const { workspace, workspaceId } = owner.access;
  const { kind, id } = created;
  const facts = { workspace, kind, id };
  if (recorded.kind === 'of another caller') {
    log.error('Mistral named an object that another caller owns', facts);
    return problem('upstream_unavailable', 'Mistral answered with an object that is not new');
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const asked = await ask({ ...undo, body: undefined });
    if (asked.kind !== 'answered' || (asked.status >= 300 && asked.status !== 404)) continue;
    log.warn('object deleted, since its owner was not recorded', facts);
    // A write whose answer was lost may have taken effect.
    await objects
      .forget({ workspaceId, kind, id, owner: owner.principal })
      .catch((error: unknown) =>
        log.warn('owner of a deleted object not removed', { kind, id, error }),
      );
    return objectNotRecorded(kind, 'deleted');
  }
  log.error('owner not recorded', { ...facts, reason: recorded.reason });
  return objectNotRecorded(kind, 'not deleted');
}
