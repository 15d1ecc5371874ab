import { expect } from 'vitest';
import {
  ALICE,
  type Answer,
  BOB,
  FAULTS,
  type Fault,
  fileForm,
  fileWorld,
} from '../../support/file-world.js';

type World = ReturnType<typeof fileWorld>;
type Caller = 'alice' | 'bob';

const ARNS: Readonly<Record<Caller, string>> = { alice: ALICE, bob: BOB };
const OTHER: Readonly<Record<Caller, Caller>> = { alice: 'bob', bob: 'alice' };

/** What a caller does: with its own first file, with the other's, or with none. */
interface Action {
  readonly caller: Caller;
  readonly what: string;
  readonly of: Caller | undefined;
  readonly ask: (world: World, id: string) => Promise<Answer>;
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const ON_A_FILE: Readonly<
  Record<string, (world: World, arn: string, id: string) => Promise<Answer>>
> = {
  retrieve: (world, arn, id) => world.ask(arn, 'GET', `/v1/files/${id}`),
  content: (world, arn, id) => world.ask(arn, 'GET', `/v1/files/${id}/content`),
  url: (world, arn, id) => world.ask(arn, 'GET', `/v1/files/${id}/url`),
  delete: (world, arn, id) => world.ask(arn, 'DELETE', `/v1/files/${id}`),
  ocr: (world, arn, id) =>
    world.ask(
      arn,
      'POST',
      '/v1/ocr',
      json({ model: 'mistral-ocr-latest', document: { file_id: id } }),
    ),
};

let uploads = 0;
function upload(world: World, caller: Caller): Promise<Answer> {
  uploads += 1;
  const mark = `${caller}-secret-${uploads}`;
  const { body, type } = fileForm(
    { purpose: 'ocr' },
    { name: `${mark}.pdf`, content: `${mark} in full` },
  );
  return world.ask(ARNS[caller], 'POST', '/v1/files', body, type);
}

const ACTIONS: readonly Action[] = (['alice', 'bob'] as const).flatMap((caller) => [
  { caller, what: 'upload', of: undefined, ask: (world: World) => upload(world, caller) },
  {
    caller,
    what: 'list',
    of: undefined,
    ask: (world: World) => world.ask(ARNS[caller], 'GET', '/v1/files?page_size=1&page=0'),
  },
  ...[caller, OTHER[caller]].flatMap((of) =>
    Object.entries(ON_A_FILE).map(([what, ask]) => ({
      ...{ caller, what, of },
      ask: (world: World, id: string) => ask(world, ARNS[caller], id),
    })),
  ),
]);

/** All sequences of so many actions. */
export function* sequences(length: number): Generator<readonly Action[]> {
  if (length === 0) yield [];
  else
    for (const rest of sequences(length - 1)) {
      for (const action of ACTIONS) yield [...rest, action];
    }
}

/** Plays a sequence without a fault, then with each kind of fault at each of its calls. Returns how many runs that were. */
export async function playWithFaults(
  sequence: readonly Action[],
  atOnce: boolean,
  kinds: readonly Fault[] = FAULTS,
): Promise<number> {
  const calls = await play(sequence, atOnce, undefined);
  let runs = 1;
  for (let at = 0; at < calls; at += 1) {
    for (const kind of kinds) {
      await play(sequence, atOnce, { at, kind });
      runs += 1;
    }
  }
  return runs;
}

/** @returns how many calls there were to Mistral and to the table */
async function play(
  sequence: readonly Action[],
  atOnce: boolean,
  fault: { readonly at: number; readonly kind: Fault } | undefined,
): Promise<number> {
  let calls = -1; // none counts before both callers have a file
  const world = fileWorld(() => {
    if (calls < 0) return undefined;
    calls += 1;
    return fault && calls - 1 === fault.at ? fault.kind : undefined;
  });
  const ids: Record<Caller, string> = {
    alice: JSON.parse((await upload(world, 'alice')).text).id,
    bob: JSON.parse((await upload(world, 'bob')).text).id,
  };
  const everything = new Map([...world.mistral.files].map(([id, file]) => [id, file.filename]));
  const answers: { action: Action; answer: Answer }[] = [];
  calls = 0;
  const run = async (action: Action) => {
    const answer = await action.ask(world, ids[action.of ?? action.caller]);
    for (const [id, { filename }] of world.mistral.files) everything.set(id, filename);
    answers.push({ action, answer });
  };
  if (atOnce) await Promise.all(sequence.map(run));
  else for (const action of sequence) await run(action);
  const made = calls;
  calls = Number.NEGATIVE_INFINITY;

  for (const { action, answer } of answers) {
    const told = `${answer.headers.join('\n')}\n${answer.text}`;
    for (const [id, filename] of everything) {
      const isForeign = filename.startsWith(OTHER[action.caller]);
      if (isForeign) expect(told, textOf(sequence, fault)).not.toContain(id);
    }
    expect(told, textOf(sequence, fault)).not.toContain(`${OTHER[action.caller]}-secret`);
    if (action.of === OTHER[action.caller]) {
      const { code } = JSON.parse(answer.text);
      expect(['object_not_found', 'objects_unavailable'], textOf(sequence, fault)).toContain(code);
    }
  }
  for (const caller of ['alice', 'bob'] as const) {
    const mayBeGone = sequence.some(({ what, of, caller: by }) => {
      return what === 'delete' && by === caller && of === caller;
    });
    const isThere = world.mistral.files.has(ids[caller]);
    expect(isThere || mayBeGone, textOf(sequence, fault)).toBe(true);
    await expectOwnAlone(world, caller, everything);
  }
  expect(world.quotas.reserved(), textOf(sequence, fault)).toBe(0);
  return made;
}

/** Once all is quiet: what a caller reaches is its own, and what has no record is reached by no one. */
async function expectOwnAlone(
  world: World,
  caller: Caller,
  everything: ReadonlyMap<string, string>,
): Promise<void> {
  const owned = new Map([...world.records.records.values()].map(({ id, owner }) => [id, owner]));
  for (const id of everything.keys()) {
    const { status } = await world.ask(ARNS[caller], 'GET', `/v1/files/${id}`);
    const isOwn = owned.get(id)?.endsWith(`/${caller}`) ?? false;
    expect(status).toBe(isOwn && world.mistral.files.has(id) ? 200 : 404);
  }
  const listed = JSON.parse((await world.ask(ARNS[caller], 'GET', '/v1/files')).text);
  const own = [...owned].filter(([, owner]) => owner.endsWith(`/${caller}`));
  expect(listed.data.map(({ id }: { id: string }) => id).sort()).toEqual(
    own.map(([id]) => id).sort(),
  );
  expect(listed.total).toBe(own.length);
}

function textOf(
  sequence: readonly Action[],
  fault: { readonly at: number; readonly kind: Fault } | undefined,
): string {
  const steps = sequence.map(({ caller, what, of }) => `${caller} ${what}${of ? ` of ${of}` : ''}`);
  return `${steps.join(', then ')}${fault ? `, with ${fault.kind} at call ${fault.at}` : ''}`;
}
