import { formatText } from '../../governance/keys/secret-format.js';
import { countText } from '../../governance/platform/wording.js';
import { formatOf, isExisting, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { type Column, left, shrinking } from '../terminal/table.js';

/** What a deploy adds to a secret that is there already. */
export interface ExistingSecret {
  readonly secret: string;
  readonly key: string;
  readonly format: string;
  readonly adds: readonly string[];
}

export function existingSecrets(policy: Policy): readonly ExistingSecret[] {
  return plannedKeys(policy)
    .filter(isExisting)
    .map((planned) => {
      const { secretName, workspace, key } = planned;
      return {
        secret: secretName,
        key: `${workspace.name}/${key.name}`,
        format: formatText(formatOf(planned)),
        adds: [
          "to its resource policy: statements for this product's functions",
          ...(key.readers.length > 0
            ? [`and one for ${countText(key.readers.length, 'reader')} (nothing is denied)`]
            : ['(nothing is denied)']),
          'a label with the id of its key',
          `a rotation every ${countText(key.rotateEveryDays, 'day')}`,
        ],
      };
    });
}

export const EXISTING_COLUMNS: readonly Column<ExistingSecret>[] = [
  left('secret', ({ secret }) => secret),
  left('key', ({ key }) => key),
  left('format', ({ format }) => format),
  shrinking('would be added', ({ adds }) => adds.join(', ')),
];
