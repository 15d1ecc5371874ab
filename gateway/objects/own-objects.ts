import type { NamedObject } from '../../governance/metering/named-objects.js';
import {
  objectNotFound,
  objectsUnavailable,
  type Problem,
  problem,
} from '../../governance/metering/problem.js';
import type { ObjectKind, ObjectRecord } from '../../governance/objects/objects.js';
import type { Owner, Ownership } from '../../governance/objects/ownership.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import type { GatewayDeps } from '../gateway-deps.js';

/** The object that a request names, if the caller may use it. Never fails. */
export async function ownObject(
  { deps, objects, owner }: OwnObjects,
  kind: ObjectKind,
  id: string | undefined,
): Promise<ObjectRecord | Problem> {
  try {
    return (await objects.find(owner, kind, id ?? '')) ?? objectNotFound(kind);
  } catch (error) {
    deps.log.warn('owner not read', { object: kind, error });
    return objectsUnavailable('not read');
  }
}

interface OwnObjects {
  readonly deps: Pick<GatewayDeps, 'log'>;
  readonly objects: Ownership;
  readonly owner: Owner;
}

export function isProblem(found: ObjectRecord | Problem): found is Problem {
  return 'message' in found;
}

/** More than a prompt has room for. */
const MOST_NAMED = 64;
const READS_AT_ONCE = 8;

/** Why a caller may not send a body that names these. All are read, so that each refusal takes as long. */
export async function refusedObject(
  { access, objects, log }: Pick<GatewayDeps, 'access' | 'objects' | 'log'>,
  callerArn: string | undefined,
  named: readonly NamedObject[],
): Promise<Problem | undefined> {
  const owner = access.callerOf(callerArn ?? '');
  if (owner.kind === 'refuse') return problem(owner.code, owner.message);
  if (!objects) return objectsUnavailable('not set up');
  const distinct = [...new Map(named.map((one) => [`${one.kind} ${one.id}`, one])).values()];
  if (distinct.length > MOST_NAMED) {
    const what = `the body names ${distinct.length} files: at most ${MOST_NAMED} are allowed`;
    return problem('invalid_field', what, { param: distinct[0]?.param });
  }
  const found = await mapBounded(distinct, READS_AT_ONCE, ({ kind, id }) =>
    ownObject({ deps: { log }, objects, owner }, kind, id),
  );
  const at = found.findIndex(isProblem);
  const [refusal, one] = [found[at], distinct[at]];
  if (!refusal || !one || !isProblem(refusal)) return undefined;
  return refusal.code === 'object_not_found' ? objectNotFound(one.kind, one.param) : refusal;
}
