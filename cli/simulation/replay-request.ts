import { refusalOf } from '../../governance/metering/admission.js';
import { defaultMaxTokens, demandOf } from '../../governance/metering/demand.js';
import { createMetering } from '../../governance/metering/metering.js';
import { type ProblemCode, publicCode } from '../../governance/metering/problem.js';
import type { RequestBody } from '../../governance/metering/request-body.js';
import { transcriptionDemand } from '../../governance/metering/transcriptions.js';
import type { Policy } from '../../governance/policy/policy.js';
import { callingArn, endpointNamed, openAccess } from '../access/gateway-rules.js';
import type { QuotaLedger } from './quota-ledger.js';
import type { UsageRecord } from './usage-record.js';

export type Replayed =
  | {
      readonly kind: 'sent';
      readonly workspace: string;
      readonly costNanos: number;
      /** The answer was longer than the policy allows: it would have been cut short. */
      readonly isCutShort: boolean;
    }
  | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
  /** Absent for a caller that is not in the policy. */
  readonly workspace: string | undefined;
  readonly role: string | undefined;
}

/** Of ordinary text: the file has tokens, and the gateway bounds a prompt by its bytes. */
const BYTES_PER_TOKEN = 4;
/** More than the gateway distinguishes. */
const MAX_PAGES = 10_000;

/** Decides on past requests as the gateway would have, each after those before it. */
export function createReplay(policy: Policy, ledger: QuotaLedger, now: () => Date) {
  // At the prices of the day on which a request was made.
  const { access, authorize, tariff } = openAccess(policy, () => now().getTime());
  const metering = createMetering(policy, ledger, tariff);

  return async (record: UsageRecord): Promise<Replayed> => {
    const caller = callingArn(record.caller);
    const refused = (code: ProblemCode, message: string): Replayed => {
      const known = access.callerOf(caller);
      const { workspace, role } = known.kind === 'known' ? known.access : UNKNOWN;
      return { kind: 'refused', code: publicCode(code), message, workspace, role };
    };

    const { kind, route } = endpointNamed(record.endpoint);
    const maxTokens = kind === 'generation' ? record.maxTokens : undefined;
    const granted = authorize(caller, { model: record.model, maxTokens });
    if (granted.kind === 'refuse') return refused(granted.code, granted.message);

    const body = bodyOf(route, record);
    const bytes = record.promptTokens * BYTES_PER_TOKEN;
    const grant =
      maxTokens === undefined && kind === 'generation'
        ? { ...granted, maxTokens: defaultMaxTokens(body, bytes, kind, granted, access.models) }
        : granted;
    const demand =
      kind === 'transcription'
        ? transcriptionDemand(grant, undefined)
        : demandOf(body, bytes, kind, grant, access.models);
    const outcome = await metering.reserve(demand);
    if (outcome.kind !== 'reserved') {
      const { code, message } = refusalOf(outcome, grant, record.at);
      return refused(code, message);
    }
    const isCutShort = kind === 'generation' && record.completionTokens > grant.maxTokens;
    const usage = usageOf(record, isCutShort ? grant.maxTokens : record.completionTokens);
    outcome.delivered(usage);
    const costNanos = tariff.charge(demand, usage)?.cost ?? 0;
    return { kind: 'sent', workspace: grant.workspace, costNanos, isCutShort };
  };
}

const UNKNOWN = { workspace: undefined, role: undefined };

function bodyOf(
  route: string,
  { model, maxTokens, priority, pages, audioSeconds }: UsageRecord,
): RequestBody {
  return {
    route,
    // As a client asks for this number of pages of a document.
    fields: { pages: Array.from({ length: Math.min(pages, MAX_PAGES) }, (_, page) => page) },
    model,
    maxTokens,
    completions: 1,
    priority,
    images: 0,
    hasMedia: audioSeconds > 0,
  };
}

/** As in Mistral's answers. */
function usageOf(record: UsageRecord, completionTokens: number) {
  const { promptTokens, cachedTokens, pages, audioSeconds, priority } = record;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    pages_processed: pages,
    prompt_audio_seconds: audioSeconds,
    service_tier: priority ? 'priority' : 'standard',
  };
}
