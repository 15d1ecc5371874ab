import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';

/** DynamoDB for the tests of a file, with a new table before each; `open` creates the tested object from it. */
export function newTableForEach(
  open: (dynamo: LocalDynamo, table: string) => void,
  indexes: readonly string[] = [],
): void {
  let dynamo: LocalDynamo;
  let tables = 0;

  beforeAll(async () => {
    dynamo = await startLocalDynamo();
  });
  afterAll(() => dynamo.close());

  beforeEach(async () => {
    tables += 1;
    const table = `table-${tables}`;
    await dynamo.createTable(table, indexes);
    open(dynamo, table);
  });
}
