import type { Policy } from '../../governance/policy/policy.js';
import { type Definition, definitionIn } from '../../testing/definition.js';
import { synthesize } from './synth.js';

const known = new Map<string, Definition>();

/** The synthesized state machine, made once for all tests of a worker that ask for the same. */
export function definitionFor(policy: Policy): Definition {
  const name = JSON.stringify(policy);
  const definition = known.get(name) ?? definitionIn(synthesize(policy).template);
  known.set(name, definition);
  return definition;
}
