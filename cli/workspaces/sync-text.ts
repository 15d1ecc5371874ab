import type { Currency } from '../../governance/platform/wording.js';
import type { Style, Tone } from '../terminal/style.js';
import { type Cell, renderTable } from '../terminal/table.js';
import { plainLine } from '../terminal/text.js';
import type { Comparison, LimitConflict, Synced } from './sync.js';
import type { WorkspaceState } from './workspace-plan.js';

/** What differs, one line for each workspace of the policy and of Mistral. */
export function comparisonText(
  { workspaces, unmanaged, limits, created }: Comparison & Partial<Pick<Synced, 'created'>>,
  currency: Currency,
  style: Style,
): string {
  const made = new Map(created?.map(({ name, id }) => [name, id]));
  const rows = [
    ...workspaces.map((state): Cell[] => {
      const { verdict, tone, detail } = wordsOf(state, currency, made.get(state.name));
      return [state.name, { text: verdict, tone }, detail];
    }),
    ...unmanaged.map(({ id, name }): Cell[] => [
      name || '-',
      { text: 'not in policy', tone: 'faint' },
      id,
    ]),
  ];
  const table = renderTable([{ title: 'workspace' }, { title: '' }, { title: '' }], rows, style);
  return table + limits.map(limitText).join('');
}

export function syncedText(synced: Synced, currency: Currency, style: Style): string {
  const ids = [
    ...synced.created,
    ...synced.workspaces.filter((state) => state.kind === 'other-id'),
  ];
  const lines = ids.map(({ name, id }) => `  - name: ${name}\n    id: ${plainLine(id)}\n`).join('');
  return (
    comparisonText(synced, currency, style) + (lines && `\nfor the policy:\nworkspaces:\n${lines}`)
  );
}

interface Words {
  readonly verdict: string;
  readonly tone: Tone;
  readonly detail: string;
}

function wordsOf(state: WorkspaceState, currency: Currency, madeId: string | undefined): Words {
  if (madeId !== undefined) return { verdict: 'created', tone: 'good', detail: madeId };
  switch (state.kind) {
    case 'same':
      return { verdict: 'same', tone: 'good', detail: state.id };
    case 'missing': {
      const why = state.oldId
        ? `Mistral lists no ${state.oldId}: archived, deleted, or wrong in the policy`
        : 'no id in the policy, and Mistral has none of that name';
      return { verdict: 'missing', tone: 'bad', detail: why };
    }
    case 'other-id': {
      const inPolicy = state.oldId ? `the policy says ${state.oldId}` : 'the policy has none';
      return { verdict: 'other id', tone: 'warn', detail: `${state.id} at Mistral, ${inPolicy}` };
    }
    case 'ambiguous':
      return {
        verdict: 'ambiguous',
        tone: 'bad',
        detail: `several of that name at Mistral, put the right id into the policy: ${state.ids.join(', ')}`,
      };
    case 'renamed':
      return {
        verdict: 'other name',
        tone: 'warn',
        detail: `named "${state.mistralName}" at Mistral, ${state.id}`,
      };
    case 'lower-limit':
      return {
        verdict: 'lower limit',
        tone: 'warn',
        detail: `Mistral suspends it at ${state.limit} ${currency} a month, its budget is ${state.budget}`,
      };
  }
}

function limitText({ subject, reason, policy, mistral }: LimitConflict): string {
  return plainLine(`${subject}: ${reason}: ${policy} in the policy, ${mistral} at Mistral`).concat(
    '\n',
  );
}
