import * as z from 'zod';
import type { MistralWorkspace } from './mistral.js';
import type { MistralAdmin } from './mistral-admin.js';

export interface NewWorkspace {
  readonly name: string;
  readonly description: string;
  /** The Mistral user who becomes its admin. */
  readonly adminUserId: string;
}

export interface WorkspaceMaker {
  /** Not repeated where the answer is lost: a second one of the same name would be created. */
  create(wanted: NewWorkspace): Promise<MistralWorkspace>;
}

const CreatedSchema = z.object({ uuid: z.guid(), name: z.string().nullish() });
const MAX_DESCRIPTION = 255;

export function createWorkspaceMaker(admin: MistralAdmin): WorkspaceMaker {
  return {
    async create({ name, description, adminUserId }) {
      const { uuid, name: made } = await admin.send({
        method: 'POST',
        path: '/workspaces',
        body: {
          name,
          description: description.slice(0, MAX_DESCRIPTION),
          admin_user_id: adminUserId,
        },
        answer: CreatedSchema,
      });
      return { id: uuid, name: made ?? name };
    },
  };
}
