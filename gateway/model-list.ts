import { unknownCaller } from '../governance/metering/admission.js';
import {
  jsonAnswer,
  type Problem,
  problem,
  retryAfterOf,
  type WholeAnswer,
} from '../governance/metering/problem.js';
import type { ModelCard } from '../governance/mistral/key-prober.js';
import type { GatewayDeps } from './gateway-deps.js';
import { internalError } from './problems.js';

/** The models that a caller may use, or one of them: Mistral's list, filtered by role and workspace. */
export function listModels(
  access: GatewayDeps['access'],
  callerArn: string | undefined,
  name: string | undefined,
): Problem | WholeAnswer {
  if (callerArn === undefined) return unknownCaller();
  const { cards, models, authorize } = access;
  const refusals: Problem[] = [];
  const isAllowed = (model: string) => {
    const grant = authorize(callerArn, { model, maxTokens: undefined });
    if (grant.kind === 'refuse') refusals.push(problem(grant.code, grant.message));
    return grant.kind === 'allow';
  };

  if (!(name === undefined ? models.ids : [name]).some(isAllowed)) {
    return refusals[0] ?? internalError();
  }
  if (!cards) return notRead(access.nextListInMs);
  const allowed = cards.filter(({ id }) => isAllowed(id));
  if (name === undefined) return jsonAnswer(200, { object: 'list', data: allowed });
  const card = allowed.find((one) => isNamed(one, name));
  if (card) return jsonAnswer(200, card);
  return problem('model_not_allowed', `model "${name}" is not served by Mistral`);
}

function isNamed({ id, aliases }: ModelCard, name: string): boolean {
  return id === name || Boolean(aliases?.includes(name));
}

function notRead(inMs: number): Problem {
  return problem('upstream_unavailable', "Mistral's list of models could not be read", {
    retryAfterSeconds: retryAfterOf(inMs),
  });
}
