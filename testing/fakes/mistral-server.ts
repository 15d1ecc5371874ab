import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Currency } from '../../governance/platform/wording.js';
import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';
import { createFakeBatch } from './mistral-batch.js';
import type { FakeAgent } from './mistral-conversations.js';
import { createFakeFiles } from './mistral-files.js';
import { createFakeInference } from './mistral-inference.js';
import type { FakeKey, FakeKeys } from './mistral-keys.js';
import { createFakeUsage } from './mistral-usage.js';

export interface FakeModel {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly deprecation?: string;
}

export interface FakeWorkspace {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** @default none */
  readonly monthlyLimitUsd?: number;
}

export interface FakeOrganization {
  workspaces: readonly FakeWorkspace[];
  readonly requestsPerSecond: number;
  /** While it is suspended, every key is rejected. */
  monthlyLimitReached: boolean;
  monthlyLimitUsd: number;
  /** @default false */
  noMonthlyLimit?: boolean;
  models: readonly FakeModel[];
  /** @default none */
  readonly agents?: readonly FakeAgent[];
  /** In which Mistral bills it. @default USD */
  readonly currency?: Currency;
  /** @default none */
  readonly members?: readonly FakeMember[];
  /** Ids of workspaces whose requests Mistral answers with 429. */
  readonly throttled?: ReadonlySet<string>;
}

export interface FakeMember {
  readonly id: string;
  readonly name: string | null;
  readonly email: string;
}

export type FakeMistral = ReturnType<typeof createFakeMistral>;

const ListQuerySchema = z.object({
  limit: z.coerce.number<string>().int().positive().default(100),
  offset: z.coerce.number<string>().int().min(0).default(0),
  name: z.string().default(''),
});
const CreateSchema = z.object({
  name: z.string().max(255).nullish(),
  expiration: z.iso.date().nullish(),
  workspace_uuid: z.guid(),
  user_id: z.guid(),
});
const KeyIdSchema = z.guid();
const WorkspacesQuerySchema = z.object({
  page: z.coerce.number<string>().int().positive().default(1),
  page_size: z.coerce.number<string>().int().positive().default(25),
  search: z.string().default(''),
});
const NewWorkspaceSchema = z.object({
  name: z.string().max(255),
  description: z.string().max(255).default(''),
  icon: z.string().max(2).default(''),
  add_all_org_members: z.boolean().default(false),
  admin_user_id: z.guid(),
});
const LimitSchema = z.object({
  amount: z.int().min(0),
  no_monthly_limit: z.boolean().default(false),
});
const UsageQuerySchema = z.object({
  month: z
    .string()
    .regex(/^(0?[1-9]|1[0-2])$/)
    .optional(),
  year: z
    .string()
    .regex(/^\d{4}$/)
    .optional(),
  workspace_id: z.guid().optional(),
});

export const FAKE_MODELS: readonly FakeModel[] = [
  { id: 'mistral-large-2512', aliases: ['mistral-large-latest'] },
  { id: 'mistral-small-2603', aliases: ['mistral-small-latest'] },
  { id: 'codestral-2508', aliases: ['codestral-latest'] },
  { id: 'mistral-embed-2312', aliases: ['mistral-embed'] },
];

/** An organization at Mistral, with high limits. */
export function fakeOrganization(
  workspaces: readonly FakeWorkspace[],
  changes: Partial<FakeOrganization> = {},
): FakeOrganization {
  return {
    workspaces,
    requestsPerSecond: 100,
    monthlyLimitReached: false,
    monthlyLimitUsd: 5000,
    models: FAKE_MODELS,
    ...changes,
  };
}

/** Mistral's API as far as this product calls it, over state that tests and the local run can read. */
export function createFakeMistral(
  keys: FakeKeys,
  organization: FakeOrganization,
  adminKey: string,
  now: () => Date,
) {
  const usage = createFakeUsage(organization.currency);
  const infer = createFakeInference(organization, usage, now);
  const files = createFakeFiles({ now });
  const half = (tokens: number) => Math.ceil(tokens / 2);
  const batch = createFakeBatch(
    files,
    createFakeInference(organization, { ...usage, recordUsage: billHalf }, now),
    now,
  );

  /** Batch jobs cost half. */
  function billHalf(
    ...[workspaceId, model, day, input, output]: Parameters<typeof usage.recordUsage>
  ) {
    usage.recordUsage(workspaceId, model, day, half(input), half(output));
  }

  function inference(call: HttpCall): HttpAnswer {
    const { headers, url, method } = call;
    const key = keys.accept(bearerOf(headers.authorization));
    // The answer for a reached limit is the same as for an invalid key.
    if (!key || organization.monthlyLimitReached) return UNAUTHORIZED;
    if (method === 'GET' && url.pathname === '/v1/models') {
      return jsonAnswer(200, { object: 'list', data: organization.models.map(modelCard) });
    }
    return files.answer(key, call) ?? batch.answer(key, call) ?? infer(key, call) ?? NOT_FOUND;
  }

  const admin: Record<string, (call: HttpCall, query: Record<string, string>) => HttpAnswer> = {
    'GET /v1/admin/api-keys': (_call, query) => {
      const { limit, offset, name } = ListQuerySchema.parse(query);
      const wanted = plain(name);
      const found = keys.all().filter((key) => matches(key, wanted));
      const page = found.slice(offset, offset + limit);
      return jsonAnswer(200, { keys: page.map((key) => listed(key, organization)) });
    },

    'POST /v1/admin/api-keys': ({ body }) => {
      const { name, expiration, workspace_uuid, user_id } = CreateSchema.parse(JSON.parse(body));
      if (!organization.workspaces.some(({ id }) => id === workspace_uuid)) return NOT_FOUND;
      const key = keys.create({
        name,
        workspaceId: workspace_uuid,
        userId: user_id,
        expiresOn: expiration,
      });
      return jsonAnswer(200, { ...core(key), key: key.plaintext });
    },

    'GET /v1/admin/workspaces': (_call, query) => {
      const { page, page_size, search } = WorkspacesQuerySchema.parse(query);
      const found = organization.workspaces.filter(({ name }) => name.includes(search));
      const items = found
        .slice((page - 1) * page_size, page * page_size)
        .map((workspace) => workspaceCard(workspace, organization));
      return jsonAnswer(200, { object: 'list', total: found.length, items, page, page_size });
    },

    'POST /v1/admin/workspaces': ({ body }) => {
      const { name, description } = NewWorkspaceSchema.parse(JSON.parse(body));
      const workspace = { id: randomUUID(), name, description };
      organization.workspaces = [...organization.workspaces, workspace];
      return jsonAnswer(200, { ...workspaceCard(workspace, organization), raw_roles: ['A'] });
    },

    'GET /v1/admin/users': (_call, query) => {
      const { page, page_size } = WorkspacesQuerySchema.parse(query);
      const { members = [] } = organization;
      const found = members.slice((page - 1) * page_size, page * page_size);
      const named = found.map(({ id, name, email }) => ({
        uuid: id,
        name,
        email,
        raw_roles: ['M'],
      }));
      return jsonAnswer(200, {
        members: named,
        invites: [],
        total: members.length,
        page,
        page_size,
      });
    },

    'GET /v1/admin/rate-limit': () =>
      jsonAnswer(200, {
        requests_per_second: organization.requestsPerSecond,
        tokens_limits_by_model: {},
      }),

    'GET /v1/admin/spend-limit': () => jsonAnswer(200, limits(organization)),

    'POST /v1/admin/spend-limit': ({ body }) => {
      const { amount, no_monthly_limit } = LimitSchema.parse(JSON.parse(body));
      organization.monthlyLimitUsd = amount;
      organization.noMonthlyLimit = no_monthly_limit;
      return jsonAnswer(200, limits(organization));
    },

    'GET /v1/admin/usage': (_call, query) => {
      const { year, month, workspace_id } = UsageQuerySchema.parse(query);
      const at = now();
      const start = new Date(
        Date.UTC(Number(year ?? at.getUTCFullYear()), Number(month ?? at.getUTCMonth() + 1) - 1),
      );
      return jsonAnswer(200, usage.report(start, at, workspace_id));
    },
  };

  return {
    keys,
    organization,
    usage,
    files,
    batch,

    async answer(call: HttpCall): Promise<HttpAnswer> {
      const { method, url, headers } = call;
      try {
        if (!url.pathname.startsWith('/v1/admin/')) return inference(call);
        const presented = headers['x-api-key'] ?? bearerOf(headers.authorization);
        if (presented !== adminKey) return UNAUTHORIZED;
        const deleted = /^\/v1\/admin\/api-keys\/([^/]+)$/.exec(url.pathname)?.[1];
        if (method === 'DELETE' && deleted !== undefined) {
          return keys.delete(KeyIdSchema.parse(deleted))
            ? jsonAnswer(200, { detail: 'API key deleted successfully' })
            : NOT_FOUND;
        }
        const route = admin[`${method} ${url.pathname}`];
        return route?.(call, Object.fromEntries(url.searchParams)) ?? NOT_FOUND;
      } catch (error) {
        return invalid(error);
      }
    },
  };
}

const UNAUTHORIZED = jsonAnswer(401, { detail: 'Unauthorized' });
const NOT_FOUND = jsonAnswer(404, { detail: 'Not Found' });

function bearerOf(authorization: string | undefined): string {
  return authorization?.replace(/^Bearer /i, '') ?? '';
}

function matches({ name, plaintext }: FakeKey, wanted: string): boolean {
  return plain(name ?? '').includes(wanted) || plaintext.slice(-4).toLowerCase() === wanted;
}

/** Without case and accents. */
function plain(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

function core(key: FakeKey) {
  return {
    key_id: key.id,
    key: null,
    name: key.name,
    hidden_key: `${key.plaintext.slice(0, 4)}...${key.plaintext.slice(-4)}`,
    created_at: key.createdAt.toISOString(),
    expiration_date: key.expiresOn,
    actions: { rotate: { status: 'available' }, delete: { status: 'available' } },
  };
}

function listed(key: FakeKey, { workspaces }: FakeOrganization) {
  return {
    ...core(key),
    workspace_id: key.workspaceId,
    workspace_name: workspaces.find(({ id }) => id === key.workspaceId)?.name ?? null,
    created_by: key.userId,
    product: 'API',
    last_used: key.lastUsedOn,
    can_delete: true,
  };
}

function workspaceCard(
  { id, name, description, monthlyLimitUsd }: FakeWorkspace,
  { workspaces, currency = 'USD' }: FakeOrganization,
) {
  return {
    uuid: id,
    name,
    description: description ?? null,
    icon: null,
    spend_limit: {
      value: monthlyLimitUsd ?? null,
      currency,
      no_monthly_limit: monthlyLimitUsd === undefined,
    },
    is_default: id === workspaces[0]?.id,
  };
}

function modelCard({ id, aliases, deprecation }: FakeModel) {
  return {
    id,
    object: 'model',
    owned_by: 'mistralai',
    capabilities: { completion_chat: true },
    aliases,
    deprecation: deprecation ?? null,
    type: 'base',
  };
}

function limits({
  monthlyLimitReached,
  monthlyLimitUsd,
  noMonthlyLimit,
  currency = 'USD',
}: FakeOrganization) {
  return {
    limits: {
      completion: {
        no_monthly_limit: noMonthlyLimit ?? false,
        monthly_limit_reached: monthlyLimitReached,
        usage: 0,
        total_usage: 0,
        usage_limit: monthlyLimitUsd,
      },
      last_payment_failure: false,
      last_payment_failure_protection: null,
      currency,
    },
  };
}

function invalid(error: unknown): HttpAnswer {
  if (error instanceof SyntaxError) {
    return unprocessable([{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }]);
  }
  if (!(error instanceof z.ZodError)) throw error;
  return unprocessable(
    error.issues.flatMap((issue) => {
      const { code, path, message } = issue;
      const loc = ['body', ...path];
      if (code !== 'unrecognized_keys') return [{ type: code, loc, msg: message }];
      const msg = 'Extra inputs are not permitted';
      return issue.keys.map((key) => ({ type: 'extra_forbidden', loc: [...loc, key], msg }));
    }),
  );
}

function unprocessable(detail: unknown): HttpAnswer {
  return jsonAnswer(422, { detail });
}
