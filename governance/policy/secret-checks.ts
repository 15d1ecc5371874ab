import { quoted } from '../platform/wording.js';
import { formatOf, GATEWAY_KEY_NAME, isExisting, plannedKeys, secretName } from './planned-keys.js';
import type { Policy } from './policy.js';
import { arnSuffixProblem } from './policy-fields.js';
import type { PolicyProblem } from './policy-problem.js';

type Problems = Generator<PolicyProblem>;

/** Rules about the secrets that keys are kept in. */
export const secretChecks: readonly ((policy: Policy) => Problems)[] = [
  keyNames,
  sharedSecrets,
  foundKeys,
];

function* keyNames({ workspaces, gateway }: Policy): Problems {
  for (const [index, workspace] of workspaces.entries()) {
    for (const [position, { name, secret }] of workspace.keys.entries()) {
      const path = ['workspaces', index, 'keys', position, 'name'];
      const suffixed = secret === undefined ? arnSuffixProblem(name) : undefined;
      if (suffixed !== undefined) yield { path, message: `${quoted(name)} ${suffixed}` };
      if (gateway.enabled && name === GATEWAY_KEY_NAME) {
        const message = `${quoted(name)} is the name of the gateway's own key: choose another name`;
        yield { path, message };
      }
    }
  }
}

/** A secret holds one key of the policy. */
function* sharedSecrets(policy: Policy): Problems {
  const { workspaces, mistral } = policy;
  const holders = new Map(
    plannedKeys(policy)
      .filter(({ workspace, key }) => !workspace.keys.includes(key))
      .map((planned) => [planned.secretName, `the gateway's own key in ${planned.workspace.name}`]),
  );
  for (const [index, workspace] of workspaces.entries()) {
    for (const [position, { name, secret }] of workspace.keys.entries()) {
      const own = secret?.name ?? secretName(workspace.name, name);
      const path = ['workspaces', index, 'keys', position, ...(secret ? ['secret'] : []), 'name'];
      if (own === mistral.adminKeySecret) {
        const message = `${quoted(secret?.name ?? name)} would overwrite mistral.adminKeySecret: choose another name`;
        yield { path, message };
      }
      const holder = holders.get(own);
      if (holder !== undefined) {
        const message = `${quoted(own)} is the secret of ${holder} and of ${workspace.name}/${name}: each key needs a secret of its own`;
        yield { path, message };
      }
      holders.set(own, holder ?? `${workspace.name}/${name}`);
    }
  }
}

/** Which key of Mistral's list a secret holds, only the Admin API can say. */
function* foundKeys(policy: Policy): Problems {
  if (policy.mistral.keySource !== 'operator') return;
  for (const [index, workspace] of policy.workspaces.entries()) {
    for (const [position, key] of workspace.keys.entries()) {
      if (!isExisting({ key }) && formatOf({ key }) === 'json') continue;
      const field = isExisting({ key }) ? 'existing' : 'format';
      yield {
        path: ['workspaces', index, 'keys', position, 'secret', field],
        message: `${JSON.stringify(key.secret?.[field])} needs the Admin API, which alone lists the key in it: must be left out where mistral.keySource is "operator"`,
      };
    }
  }
}
