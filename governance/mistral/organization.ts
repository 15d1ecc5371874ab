import * as z from 'zod';
import { MistralResponseError } from '../platform/errors.js';
import { isObject } from '../platform/json.js';
import type { MistralWorkspace } from './mistral.js';
import type { MistralAdmin } from './mistral-admin.js';
import type { MonthlyUsage, SpendLimit } from './mistral-limits.js';

/** A calendar month in UTC, of one workspace or of all. */
export interface UsageQuery {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly workspaceId?: string;
}

/** What the Admin API says about the organization as a whole. */
export interface Organization {
  workspaces(): AsyncIterable<MistralWorkspace>;
  /** Whether the monthly spend limit is reached, after which Mistral rejects every key. */
  spendLimitReached(): Promise<boolean>;
  spendLimit(): Promise<SpendLimit>;
  requestsPerSecond(): Promise<number>;
  usage(query: UsageQuery): Promise<MonthlyUsage>;
  /** What people are called, by the ids of those that are asked for and are members. */
  memberNames(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, string>>;
}

/** The specification gives it no case. */
const CurrencySchema = z
  .string()
  .nullish()
  .transform((code) => code?.trim().toUpperCase() || undefined);

const WorkspaceSchema = z.object({
  uuid: z.string().min(1),
  name: z.string().nullish(),
  spend_limit: z
    .object({
      value: z.number().nullish(),
      currency: CurrencySchema,
      no_monthly_limit: z.boolean().nullish(),
    })
    .nullish(),
});

const WorkspacePageSchema = z.object({
  items: z.array(WorkspaceSchema),
  total: z.number().nullish(),
  page_size: z.number().positive().nullish(),
});

const SpendLimitSchema = z.object({
  limits: z.object({
    completion: z.object({
      monthly_limit_reached: z.boolean(),
      no_monthly_limit: z.boolean().nullish(),
      usage: z.number().nullish(),
      total_usage: z.number().nullish(),
      usage_limit: z.number().nullish(),
    }),
    currency: CurrencySchema,
    last_payment_failure: z.boolean().nullish(),
  }),
});

const MemberPageSchema = z.object({
  members: z.array(
    z.object({ uuid: z.string(), name: z.string().nullish(), email: z.string().nullish() }),
  ),
});

const RateLimitSchema = z.object({ requests_per_second: z.number() });

/** A month's usage as the Admin API answers, also when the answer was saved to a file. */
export const UsageSchema = z.looseObject({
  currency: CurrencySchema,
  start_date: z.string().nullish(),
  end_date: z.string().nullish(),
  prices: z.array(z.record(z.string(), z.unknown())).nullish(),
});

const PAGE_SIZE = 100;
const MAX_PASSES = 3;
const MOST_MEMBER_PAGES = 1000;

export function createOrganization(admin: MistralAdmin): Organization {
  function get<T>(path: string, answer: z.ZodType<T>, query = {}): Promise<T> {
    return admin.send({ method: 'GET', path, query, answer });
  }

  async function spendLimit(): Promise<SpendLimit> {
    const { limits } = await get('/spend-limit', SpendLimitSchema);
    const { completion } = limits;
    return {
      reached: completion.monthly_limit_reached,
      usage: completion.usage ?? undefined,
      totalUsage: completion.total_usage ?? undefined,
      limit: completion.no_monthly_limit ? undefined : (completion.usage_limit ?? undefined),
      currency: limits.currency,
      lastPaymentFailed: limits.last_payment_failure ?? false,
    };
  }

  return {
    spendLimit,
    spendLimitReached: async () => (await spendLimit()).reached,
    workspaces: () =>
      listWorkspaces((page) =>
        get('/workspaces', WorkspacePageSchema, { page, page_size: PAGE_SIZE }),
      ),
    requestsPerSecond: async () => (await get('/rate-limit', RateLimitSchema)).requests_per_second,

    async memberNames(ids) {
      const names = new Map<string, string>();
      for (let page = 1; names.size < ids.size && page <= MOST_MEMBER_PAGES; page += 1) {
        const query = { page, page_size: PAGE_SIZE };
        const { members } = await get('/users', MemberPageSchema, query);
        for (const { uuid, name, email } of members) {
          if (ids.has(uuid)) names.set(uuid, name || email || uuid);
        }
        if (members.length === 0) break; // a page may be short: it counts invitations too
      }
      return names;
    },

    async usage({ year, month, workspaceId }) {
      const query = { year, month, workspace_id: workspaceId };
      return monthlyUsage(await get('/usage', UsageSchema, query));
    },
  };
}

export function monthlyUsage(answer: z.infer<typeof UsageSchema>): MonthlyUsage {
  const { currency, start_date, end_date, prices, ...rest } = answer;
  return {
    currency,
    startDate: start_date ?? undefined,
    endDate: end_date ?? undefined,
    prices: prices ?? [],
    categories: categoriesOf(rest),
  };
}

/** Pages are numbered here: where their total changed meanwhile, rows have moved, so it reads them again. */
async function* listWorkspaces(
  readPage: (page: number) => Promise<z.infer<typeof WorkspacePageSchema>>,
): AsyncGenerator<MistralWorkspace> {
  const seen = new Set<string>();
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const totals = new Set<number | null | undefined>();
    const inPass = new Set<string>();
    for (let page = 1; ; page += 1) {
      const { items, total, page_size } = await readPage(page);
      totals.add(total);
      const before = inPass.size;
      for (const item of items) {
        inPass.add(item.uuid);
        if (seen.has(item.uuid)) continue;
        seen.add(item.uuid);
        yield workspaceOf(item);
      }
      if (items.length < (page_size ?? PAGE_SIZE) || inPass.size === total) break;
      if (inPass.size === before) {
        throw new MistralResponseError(`page ${page} of the workspaces repeats those before it`);
      }
    }
    if (totals.size === 1) return;
  }
}

function workspaceOf(item: z.infer<typeof WorkspaceSchema>): MistralWorkspace {
  const { value, currency, no_monthly_limit } = item.spend_limit ?? {};
  const named = { id: item.uuid, name: item.name ?? '' };
  if (no_monthly_limit || value === undefined || value === null) return named;
  return { ...named, monthlyLimit: { amount: value, currency } };
}

/** A category has rows or an amount; texts describe the report. */
function categoriesOf(fields: Record<string, unknown>): MonthlyUsage['categories'] {
  const isCategory = (value: unknown) => isObject(value) || typeof value === 'number';
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isCategory(value)));
}
