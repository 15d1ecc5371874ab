import { afterAll, beforeAll, expect, test } from 'vitest';
import { synthesizeDefinition } from '../../local/definition.js';
import { type LocalDynamo, startLocalDynamo } from '../../local/dynamo.js';
import { createWorld } from '../../local/world.js';
import { aPolicy, silentLog } from '../support/builders.js';

let dynamo: LocalDynamo;
beforeAll(async () => { dynamo = await startLocalDynamo(); });
afterAll(() => dynamo.close());

test('x', async () => {
  const policy = aPolicy();
  const t0 = Date.now();
  const world = await createWorld({ policy, dynamo, definition: synthesizeDefinition(policy), start: new Date('2026-08-15T09:00:00Z'), log: {...silentLog, error: (...a) => console.log(...a)}, youngSeconds: 120 });
  console.log('made', Date.now() - t0);
  const t1 = Date.now();
  await world.provision();
  await world.clock.playUntil(new Date('2026-11-30T00:00:00Z'));
  console.log('played', Date.now() - t1);
  for (const r of world.rotations) console.log(r.secret, r.startedAt.toISOString(), r.steps.map(s => s.step + (s.error ?? '')).join(' '), r.finishedAt?.toISOString());
  for (const e of world.executions.all()) console.log(e.name, e.status, e.history.map(h => (h as any).stateName).join(' > '));
  for (const m of world.inbox.messages) console.log(m.at.toISOString(), m.subject);
  console.log(world.mistral.keys.all().map(k => k.name + ' ' + k.lastUsedOn));
  const a = await world.audit();
  console.log(JSON.stringify(a, null, 1).slice(0, 1500));
  await world.close();
});
