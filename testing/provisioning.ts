import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { VirtualClock } from './clock.js';
import type { SecretStore } from './fakes/secret-store.js';

interface ProvisioningParts {
  readonly clock: VirtualClock;
  readonly secrets: SecretStore;
  readonly policy: () => Policy;
  readonly run: (event?: object) => Promise<unknown>;
  readonly around: (invoke: () => Promise<unknown>) => Promise<unknown>;
}

const HOUR_MS = 3_600_000;

/** What runs at the end of a deploy, and each hour when it can do something: other runs change nothing. */
export function createProvisioning(parts: ProvisioningParts): () => Promise<void> {
  const { clock, secrets, policy, run, around } = parts;
  let deploys = 0;

  function isAnyUnfinished(): boolean {
    return plannedKeys(policy()).some(({ secretName }) => {
      const stages = [...secrets.find(secretName).versions.values()].map((one) => one.stages);
      const isHeld = stages.some((one) => one.has('AWSPENDING') && !one.has('AWSCURRENT'));
      return isHeld || !stages.some((one) => one.has('AWSCURRENT'));
    });
  }

  function nextHour(deploy: number): void {
    const { window, freeze } = policy().rotation;
    if (!isAnyUnfinished() && window === undefined && freeze.length === 0) return;
    clock.at(new Date(clock.now().getTime() + HOUR_MS), async () => {
      if (deploy !== deploys) return;
      if (isAnyUnfinished()) await around(() => run({ run: 'hourly' })).catch(() => undefined);
      nextHour(deploy);
    });
  }

  return async () => {
    deploys += 1;
    await run();
    nextHour(deploys);
  };
}
