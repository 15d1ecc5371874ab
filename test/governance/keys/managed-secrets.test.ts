import { ListSecretVersionIdsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createManagedSecrets } from '../../../governance/keys/managed-secrets.aws.js';

const service = mockClient(SecretsManagerClient);
afterAll(() => service.restore());
const secrets = createManagedSecrets(new SecretsManagerClient());
const CreatedDate = new Date('2026-03-01T10:00:00Z');

beforeEach(() => service.reset());

test('finds when a version was created, on whichever page it is listed', async () => {
  service
    .on(ListSecretVersionIdsCommand)
    .callsFake(({ NextToken }) =>
      NextToken === 'more'
        ? { Versions: [{ VersionId: 'v2', CreatedDate }] }
        : { Versions: [{ VersionId: 'v1' }], NextToken: 'more' },
    );
  expect(await secrets.createdAt('n', 'v2')).toEqual(CreatedDate);
});

test('a version that is no longer listed has no such date', async () => {
  service
    .on(ListSecretVersionIdsCommand)
    .resolves({ Versions: [{ VersionId: 'v1', CreatedDate }] });
  expect(await secrets.createdAt('n', 'v2')).toBeUndefined();
});
