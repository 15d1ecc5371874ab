import * as z from 'zod';
import type { MistralAdmin } from './mistral-admin.js';

const PageSchema = z.object({
  members: z.array(
    z.object({ uuid: z.string(), name: z.string().nullish(), email: z.string().nullish() }),
  ),
});

export interface Member {
  readonly id: string;
  readonly name: string;
}

/** Some members of the organization, the first that Mistral lists. */
export async function firstMembers(admin: MistralAdmin): Promise<readonly Member[]> {
  const query = { page: 1, page_size: 100 };
  const { members } = await admin.send({
    method: 'GET',
    path: '/users',
    query,
    answer: PageSchema,
  });
  return members.map(({ uuid, name, email }) => ({ id: uuid, name: name || email || uuid }));
}
