import * as z from 'zod';
import {
  MistralNotFoundError,
  MistralRequestError,
  MistralResponseError,
} from '../platform/errors.js';
import type { IsoDate } from '../platform/utc-day.js';
import { ApiKeySchema } from './api-key.js';
import type { CreatedKey, ListedKey } from './mistral.js';
import type { MistralAdmin } from './mistral-admin.js';
import { DaySchema, dayOf, InstantSchema, instantOf } from './mistral-fields.js';
import { listShifting } from './shifting-list.js';

export interface NewKey {
  readonly name: string;
  readonly workspaceId: string;
  readonly ownerUserId: string;
  readonly expiresOn: IsoDate;
}

/** Lists, creates and deletes keys. */
export interface KeySource {
  /** Every key of the organization, each once, even if the list changes meanwhile; or those whose name contains `name`. */
  list(name?: string): AsyncIterable<ListedKey>;
  /** Never repeated by itself: the caller searches for the name first, so that no key is created twice. */
  create(key: NewKey): Promise<CreatedKey>;
  /** A key already gone counts as deleted. */
  delete(keyId: string): Promise<'deleted' | 'already gone'>;
}

const ListedKeySchema = z.object({
  key_id: z.string().min(1),
  name: z.string().nullish(),
  hidden_key: z.string().nullish().catch(undefined),
  workspace_id: z.string().nullish(),
  workspace_name: z.string().nullish(),
  created_at: InstantSchema.nullish(),
  created_by: z.string().nullish(),
  expiration_date: DaySchema.nullish(),
  last_used: DaySchema.nullish(),
});

const KeyPageSchema = z.object({ keys: z.array(ListedKeySchema) });

const CreatedKeySchema = ListedKeySchema.pick({
  key_id: true,
  created_at: true,
  expiration_date: true,
}).extend({ key: ApiKeySchema });

const DeletedSchema = z.object({ detail: z.string().nullish() }).optional();

const PAGE_LIMIT = 100;

/** The keys of an organization that has the Admin API. */
export function createAdminKeySource(admin: MistralAdmin): KeySource {
  return {
    list: (name) =>
      listShifting(async (offset, limit) => {
        const { keys } = await admin.send({
          method: 'GET',
          path: '/api-keys',
          query: { limit, offset, name },
          answer: KeyPageSchema,
        });
        return keys.map(listedKey);
      }, PAGE_LIMIT),

    async create({ name, workspaceId, ownerUserId, expiresOn }) {
      const created = await admin.send({
        method: 'POST',
        path: '/api-keys',
        body: {
          name,
          expiration: expiresOn,
          workspace_uuid: workspaceId,
          user_id: ownerUserId,
        },
        answer: CreatedKeySchema,
      });
      if (created.key_id.includes(created.key.reveal())) {
        throw new MistralResponseError('the key created has itself as its id'); // ids are logged
      }
      return {
        id: created.key_id,
        apiKey: created.key,
        createdAt: instantOf(created.created_at),
        expiresOn: dayOf(created.expiration_date),
      };
    },

    async delete(keyId) {
      // Anything else would be another path; it is not quoted, as it may be a key.
      if (!/^[\w-]+$/.test(keyId))
        throw new MistralRequestError('no key deleted: the id is not valid');
      try {
        await admin.send({ method: 'DELETE', path: `/api-keys/${keyId}`, answer: DeletedSchema });
        return 'deleted';
      } catch (error) {
        if (error instanceof MistralNotFoundError) return 'already gone';
        throw error;
      }
    },
  };
}

function listedKey(row: z.infer<typeof ListedKeySchema>): ListedKey {
  return {
    id: row.key_id,
    name: row.name ?? '',
    workspaceId: row.workspace_id ?? undefined,
    workspaceName: row.workspace_name ?? undefined,
    createdAt: instantOf(row.created_at),
    createdBy: row.created_by ?? undefined,
    expiresOn: dayOf(row.expiration_date),
    lastUsedOn: dayOf(row.last_used),
    hiddenKey: row.hidden_key ?? undefined,
  };
}
