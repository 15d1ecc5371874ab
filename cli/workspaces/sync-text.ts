import { oneLine, yamlText } from '../../governance/platform/quoting.js';
import type { Currency } from '../../governance/platform/wording.js';
import type { Style, Tone } from '../terminal/style.js';
import { left, renderTable } from '../terminal/table.js';
import type { Comparison, LimitConflict, Synced } from './sync.js';
import type { WorkspaceState } from './workspace-plan.js';

/** The differences, one line for each workspace of the policy and of Mistral. */
export function comparisonText(
  { workspaces, unmanaged, limits, created }: Comparison & Partial<Pick<Synced, 'created'>>,
  currency: Currency,
  style: Style,
): string {
  const createdIds = new Map(created?.map(({ name, id }) => [name, id]));
  const rows: readonly Row[] = [
    ...workspaces.map((state): Row => {
      return [state.name, ...stateText(state, currency, createdIds.get(state.name))];
    }),
    ...unmanaged.map(({ id, name }): Row => [name || '-', 'not in policy', 'faint', id]),
  ];
  const table = renderTable(rows, style, [
    left('workspace', ([name]) => name),
    left('', ([, text, tone]) => ({ text, tone })),
    left('', ([, , , detail]) => detail),
  ]);
  return table + limits.map(limitText).join('');
}

/** Of the workspaces that were created, or that the policy has another id of, or none. */
export function newIds({ created, workspaces }: Synced): ReadonlyMap<string, string> {
  const found = workspaces.filter((state) => state.kind === 'other-id');
  return new Map([...created, ...found].map(({ name, id }) => [name, id]));
}

/** @param file into which they were written */
export function idsText(ids: ReadonlyMap<string, string>, file: string | undefined): string {
  if (ids.size === 0) return '';
  if (file !== undefined) return `\n${file} has the ids now\n`;
  const lines = [...ids].map(
    ([name, id]) => `  - name: ${yamlText(name)}\n    id: ${yamlText(id)}\n`,
  );
  return `\nput these ids into the policy, or run it with --write:\nworkspaces:\n${lines.join('')}`;
}

type StateText = readonly [text: string, tone: Tone, detail: string];
type Row = readonly [name: string, ...StateText];

function stateText(
  state: WorkspaceState,
  currency: Currency,
  createdId: string | undefined,
): StateText {
  if (createdId !== undefined) return ['created', 'good', createdId];
  switch (state.kind) {
    case 'same':
      return ['same', 'good', state.id];
    case 'missing':
      return [
        'missing',
        'bad',
        state.oldId
          ? `Mistral lists no ${state.oldId}: archived, deleted, or wrong in the policy`
          : 'no id in the policy, and Mistral has no workspace of that name',
      ];
    case 'other-id': {
      const inPolicy = state.oldId ? `the policy has ${state.oldId}` : 'the policy has none';
      return ['other id', 'warn', `${state.id} at Mistral, ${inPolicy}`];
    }
    case 'ambiguous':
      return [
        'ambiguous',
        'bad',
        `several of that name at Mistral, put the right id into the policy: ${state.ids.join(', ')}`,
      ];
    case 'renamed':
      return ['other name', 'warn', `named "${state.mistralName}" at Mistral, ${state.id}`];
    case 'lower-limit':
      return [
        'lower limit',
        'warn',
        `Mistral suspends it at ${state.limit} ${currency} per month, its budget is ${state.budget} ${currency}`,
      ];
  }
}

function limitText({ subject, reason }: LimitConflict): string {
  return `${oneLine(`${subject}: ${reason}`)}\n`;
}
