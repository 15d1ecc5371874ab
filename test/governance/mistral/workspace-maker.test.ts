import { expect, test } from 'vitest';
import { createWorkspaceMaker } from '../../../governance/mistral/workspace-maker.js';
import { adminApi } from '../../support/admin-api.js';
import { json } from '../../support/loopback.js';

const WANTED = { name: 'search', description: 'x'.repeat(300), adminUserId: 'u-1' };
const UUID = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';

test('a workspace is created with its admin', async () => {
  const { admin, requests } = await adminApi((response) =>
    json(response, 200, { uuid: UUID, name: 'search', is_default: false }),
  );
  expect(await createWorkspaceMaker(admin).create(WANTED)).toEqual({ id: UUID, name: 'search' });
  const [{ method, path, body }] = requests as [(typeof requests)[0]];
  expect([method, path]).toEqual(['POST', '/v1/admin/workspaces']);
  expect(JSON.parse(body)).toEqual({
    name: 'search',
    description: 'x'.repeat(255), // Mistral rejects more
    admin_user_id: 'u-1',
  });
});

test('a request whose answer is lost is not repeated: the workspace may exist', async () => {
  const { admin, requests } = await adminApi((response) => response.destroy());
  await expect(createWorkspaceMaker(admin).create(WANTED)).rejects.toThrow('connection broken');
  expect(requests).toHaveLength(1);
});

test('fails on an answer without an id', async () => {
  const { admin } = await adminApi((response) => json(response, 200, { name: 'search' }));
  await expect(createWorkspaceMaker(admin).create(WANTED)).rejects.toThrow('uuid');
});
