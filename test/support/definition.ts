import type { Policy } from '../../governance/policy/policy.js';
import { type Definition, synthesizeDefinition } from '../../testing/definition.js';

const known = new Map<string, Definition>();

/** The synthesized state machine, made once for all tests of a worker that ask for the same. */
export function definitionFor(policy: Policy): Definition {
  const name = JSON.stringify(policy);
  const definition = known.get(name) ?? synthesizeDefinition(policy);
  known.set(name, definition);
  return definition;
}
