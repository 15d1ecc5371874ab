import * as z from 'zod';
import { CURRENCIES } from '../platform/wording.js';
import { AcceptedSchema, AcceptedWarningSchema } from './policy-accepted.js';
import { AgentSchema, RoleAgentsSchema } from './policy-agents.js';
import { AlertsSchema, EventsSchema } from './policy-alerts.js';
import {
  ArnPatternSchema,
  ListedModelSchema,
  NOT_RESERVED,
  numberProblem,
  ReaderArnSchema,
  UUID_RULE,
} from './policy-fields.js';
import { PricesSchema } from './policy-prices.js';
import { RefreshesSchema } from './policy-refresh.js';
import { RotationSchema } from './policy-rotation.js';
import { KeySecretSchema, SecretNameSchema } from './policy-secrets.js';

/** Names become parts of secret names, resource ids and alert attributes, so they stay plain. */
const NameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, {
    error: 'must be 1 to 64 letters, digits, "-" or "_", starting with a letter or digit',
  })
  .refine(...NOT_RESERVED);

/** The least is a cent; nine million in nano-units is what a number holds exactly. */
const MoneySchema = z.number().min(0.01).max(9e6);
const ModelsSchema = z.union([z.literal('*'), z.array(ListedModelSchema).min(1)], {
  error: ({ input }) =>
    typeof input === 'string' && input !== 'all'
      ? 'is one model, must be "*" or a list: put it in [ ]'
      : 'must be "*" or a list of at least one model id or alias',
});

const KeySchema = z.strictObject({
  name: NameSchema,
  description: z.string().max(2048).default(''),
  // Secrets Manager takes at most rate(999 days); under a day no drain could be observed.
  rotateEveryDays: z.int().min(1).max(999).default(90),
  /** IAM principals that may read the secret. */
  readers: z.array(ReaderArnSchema).max(50).default([]), // deploy-checks.ts counts their length too
  refresh: RefreshesSchema,
  /** @default a new one, mistral/<workspace>/<key>, with JSON */
  secret: KeySecretSchema.optional(),
});

const WorkspaceSchema = z.strictObject({
  name: NameSchema,
  /** The workspace's UUID at Mistral. */
  id: z.guid({
    error: ({ input }) =>
      input === undefined
        ? `${UUID_RULE}; "mistral-governance workspaces sync" fills it in; in operator mode it is in the workspace's address in Mistral's console`
        : UUID_RULE,
  }),
  /** The Mistral user that new keys belong to. Required with the Admin API alone. */
  ownerUserId: z.guid({ error: UUID_RULE }).optional(),
  /** It becomes a tag. */
  team: z
    .string()
    .max(256)
    .regex(/\S/, { error: 'must be 1 to 256 characters that are not all blank' })
    .regex(/^(?!\s*aws:)/i, { error: 'must not begin with "aws:", which AWS reserves in tags' }),
  models: ModelsSchema,
  requestsPerMinute: z.int().positive(),
  budgets: z
    .strictObject({
      hourlyUsd: MoneySchema.optional(),
      dailyUsd: MoneySchema.optional(),
      monthlyUsd: MoneySchema.optional(),
      hourlyEur: MoneySchema.optional(),
      dailyEur: MoneySchema.optional(),
      monthlyEur: MoneySchema.optional(),
    })
    .default({}),
  /** Counters that each budget is split over, for workspaces with very many gateways. */
  quotaShards: z.int().min(1).max(64).default(1),
  /** Workspaces to try, in order, when Mistral answers 429. */
  overflowTo: z.array(z.string()).default([]),
  /** The most that other workspaces may spend here, all together. @default what the budgets of both leave */
  lends: z
    .strictObject({ dailyUsd: MoneySchema.optional(), dailyEur: MoneySchema.optional() })
    .default({}),
  keys: z.array(KeySchema).default([]),
});

const RoleSchema = z.strictObject({
  models: ModelsSchema,
  /** Ids of `agents`, whose models must be allowed besides. */
  agents: RoleAgentsSchema,
  maxTokensPerRequest: z.int().positive(),
  dailyTokens: z.union([z.int().positive(), z.literal('unlimited')], {
    error: ({ input }) =>
      input === Number.POSITIVE_INFINITY
        ? 'is infinity, must be finite: for no limit, write unlimited'
        : (numberProblem(input) ?? 'must be a positive whole number or "unlimited"'),
  }),
  /** What happens to a request for more than `maxTokensPerRequest`: refused, or lowered to it. */
  overMaxTokens: z.enum(['refuse', 'cap']).default('refuse'),
  /** Whose files, conversations and batch jobs a caller may use, besides its own. */
  sharedObjects: z.enum(['own', 'workspace']).default('own'),
  /** What is reserved of a request where nothing in it says less. */
  limits: z
    .strictObject({
      /** Of one transcription. Mistral transcribes three hours at most. */
      audioMinutes: z.int().min(1).max(1440).default(180),
    })
    .prefault({}),
});

export const CallerSchema = z.strictObject({
  /** ARN of an IAM user or role, or of its sessions; `*` matches any characters. */
  principal: ArnPatternSchema,
  role: z.string(),
  workspace: z.string(),
  /** Count daily tokens for each session instead of for the role. */
  perSession: z.boolean().default(false),
});

const LedgerSchema = z.strictObject({
  /** How callers are named in what is kept of their use. */
  callers: z.enum(['arn', 'hashed', 'role']).default('arn'),
});

const AuditSchema = z.strictObject({
  /** An EventBridge Scheduler expression, read in `timezone`; `deploy-checks.ts` checks both. */
  schedule: z.string().default('cron(0 4 * * ? *)'),
  /** An IANA time zone. */
  timezone: z.string().default('UTC'),
  staleAfterDays: z.int().positive().default(30),
  maxAgeDays: z.int().positive().default(90),
  expiringWithinDays: z.int().positive().default(14),
  remindEveryDays: z.int().positive().default(7),
  /** How long the inventory and findings of each audit are kept: seven years by default. */
  evidenceRetentionDays: z.int().min(30).max(36_500).default(2557),
  accepted: z.array(AcceptedSchema).default([]),
});

const EvidenceSchema = z.strictObject({
  /** Whether S3's Object Lock keeps each stored version, and whom from. */
  lock: z.enum(['none', 'governance', 'compliance']).default('none'),
  /** @default audit.evidenceRetentionDays */
  lockDays: z.int().min(1).max(36_500).optional(),
});

/** Keys are sent there: in the clear only to a stand-in on this machine. */
const KeyedUrlSchema = z
  .url({ error: 'must be an https URL' })
  .regex(/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$))/, {
    error: 'must be an https URL (http is allowed for localhost only)',
  });

const MistralSchema = z.strictObject({
  apiUrl: KeyedUrlSchema.default('https://api.mistral.ai'),
  adminUrl: KeyedUrlSchema.default('https://api.mistral.ai/v1/admin'),
  adminKeySecret: SecretNameSchema.default('mistral/admin-api-key'),
  /** Who creates and deletes keys: this system by the Admin API, or an operator in Mistral's console. */
  keySource: z.enum(['admin-api', 'operator']).default('admin-api'),
  currency: z.enum(CURRENCIES).default('USD'),
});

/** How much is reserved for what the bytes of a request do not bound, until Mistral reports its use. */
const LimitsSchema = z.strictObject({
  /** Pages of a document of which a request for OCR names none. */
  ocrPages: z.int().min(1).max(100_000).default(1000),
  /** Tokens of a prompt of which Mistral keeps a part: an agent's, or a conversation's. @default the model's context */
  conversationTokens: z.int().min(1).max(1_048_576).optional(),
  /** By exact model id. */
  models: z
    .record(
      z.string().min(1),
      z.strictObject({
        /** Tokens of one image in a prompt. @default 3100, and 4160 for Pixtral */
        imageTokens: z.int().min(1).max(1_048_576).optional(),
      }),
    )
    .default({}),
});

const GatewaySchema = z.strictObject({
  enabled: z.boolean().default(false),
  /** Lets every account of this AWS organization call; `callers` says which of its principals may. */
  organizationId: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/, {
      error: 'must be the id of an AWS organization such as o-a1b2c3d4e5',
    })
    .optional(),
  /** IAM principals besides the gateway's function that may read its keys: those of plain servers. */
  readers: z.array(ReaderArnSchema).max(20).default([]),
  /** Sends fields that Mistral's API is not known to have; not those that cost what is not metered. */
  passUnknownFields: z.boolean().default(false),
  // A function URL takes 6 MB, and what is not text arrives there a third longer.
  maxBodyBytes: z.int().min(1024).max(64_000_000).default(4_194_304),
  connectTimeoutSeconds: z.number().positive().max(60).default(5),
  firstByteTimeoutSeconds: z.number().positive().max(600).default(120),
  idleTimeoutSeconds: z.number().positive().max(600).default(60),
});

/** The shape of `governance.yaml`. Rules that span fields are in `policy-checks.ts`. */
export const PolicySchema = z.strictObject({
  $schema: z.string().optional(),
  mistral: MistralSchema.prefault({}),
  workspaces: z.array(WorkspaceSchema).min(1),
  roles: z.record(NameSchema, RoleSchema).default({}),
  agents: z.array(AgentSchema).default([]),
  callers: z.array(CallerSchema).default([]),
  /**
   * IAM principals that alone may change secrets by hand (store values, move labels, rotate, delete), the KMS key
   * and the topic of alerts, and publish to it.
   * @default all that IAM allows
   */
  administrators: z.array(ReaderArnSchema).max(20).default([]),
  prices: PricesSchema.prefault({}),
  limits: LimitsSchema.prefault({}),
  gateway: GatewaySchema.prefault({}),
  rotation: RotationSchema.prefault({}),
  audit: AuditSchema.prefault({}),
  ledger: LedgerSchema.prefault({}),
  evidence: EvidenceSchema.prefault({}),
  alerts: AlertsSchema.prefault({}),
  events: EventsSchema.prefault({}),
  acceptedWarnings: z.array(AcceptedWarningSchema).default([]),
});

export type Policy = z.infer<typeof PolicySchema>;
/** What a team writes: fields with a default may be missing. */
export type PolicyInput = z.input<typeof PolicySchema>;
export type Workspace = Policy['workspaces'][number];
export type Caller = Policy['callers'][number];
export type KeyPolicy = Workspace['keys'][number];
export type RotationPolicy = Policy['rotation'];
export type AuditPolicy = Policy['audit'];
export type Acceptance = AuditPolicy['accepted'][number];
export type EvidencePolicy = Policy['evidence'];
export type GatewayPolicy = Policy['gateway'];
