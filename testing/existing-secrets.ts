import { isExisting, isPlanned, plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { SecretStore } from './fakes/secret-store.js';
import { ROTATION_FUNCTION_ARN } from './functions.js';

/** Some of the functions' own. */
export const OWN_ROLES = ['KeyRotation', 'NightlyAudit'].map(
  (name) => `arn:aws:iam::111122223333:role/MistralGovernance-${name}FunctionRole-LoCaL1`,
);

/** What is added to the policies of secrets that are there already. */
const ADDED_STATEMENTS = OWN_ROLES.map((AWS, index) => ({
  Sid: `MistralGovernance${index}`,
  Effect: 'Allow',
  Principal: { AWS },
  Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
  Resource: '*',
}));
/** What CloudFormation does with secrets that are there already: before a deploy's last step, and at its very end. */
export function createExistingSecrets(
  secrets: SecretStore,
  provide: (event: unknown) => Promise<unknown>,
) {
  const takenOver = new Set<string>();
  const request = (RequestType: 'Create' | 'Update' | 'Delete', secretName: string) =>
    provide({ RequestType, ResourceProperties: { secretName, statements: ADDED_STATEMENTS } });

  return {
    async takeOver(policy: Policy): Promise<void> {
      for (const { secretName, key } of plannedKeys(policy).filter(isExisting)) {
        await request(takenOver.has(secretName) ? 'Update' : 'Create', secretName);
        takenOver.add(secretName);
        const { rotateEveryDays } = key;
        const schedule = { rotateEveryDays, rotatedBy: ROTATION_FUNCTION_ARN };
        Object.assign(secrets.find(secretName), schedule);
      }
    },

    async letGo(policy: Policy): Promise<void> {
      for (const secretName of takenOver) {
        if (isPlanned(policy, secretName)) continue;
        await request('Delete', secretName);
        takenOver.delete(secretName);
      }
    },
  };
}
