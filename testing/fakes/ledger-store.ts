import type { PageWrite } from '../../governance/ledger/ledger-page.js';
import type { LedgerRow } from '../../governance/ledger/ledger-row.js';
import type { LedgerStore } from '../../governance/ledger/ledger-store.aws.js';

export interface FakeLedgerStore extends LedgerStore {
  readonly pages: ReadonlyMap<string, PageWrite>;
  /** How many writes were attempted: each costs money. */
  writes(): number;
}

/** The table's conditional writes, in memory. */
export function createFakeLedgerStore(): FakeLedgerStore {
  const pages = new Map<string, PageWrite>();
  let writes = 0;
  const prefix = (workspaceId: string, day: string) => `${workspaceId}#${day}#`;

  return {
    pages,
    writes: () => writes,

    async write(page) {
      writes += 1;
      const { workspaceId, day, holderId, page: number } = page.key;
      const name = `${prefix(workspaceId, day)}${holderId}#${number}`;
      if ((pages.get(name)?.sequence ?? 0) < page.sequence) pages.set(name, page);
    },

    async *rows(workspaceId, day): AsyncIterable<readonly LedgerRow[]> {
      for (const [name, { rows }] of pages)
        if (name.startsWith(prefix(workspaceId, day))) yield rows;
    },
  };
}
