import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { type ChainReport, verifyChain } from '../governance/audit/chain/verify-chain.js';
import {
  createEvidenceArchive,
  createEvidenceClient,
} from '../governance/audit/evidence-store.aws.js';
import type { Finding } from '../governance/audit/finding.js';
import { DAY_MS, HOUR_MS } from '../governance/platform/utc-day.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { parseSchedule } from '../governance/policy/schedule.js';
import { nextRun } from '../governance/policy/schedule-times.js';
import type { SpendRow } from '../governance/spend/spend-row.js';
import type { AuditSummary } from '../lambdas/nightly-audit/handler.js';
import { localAws, PATIENT_CLIENT } from '../testing/aws.js';
import { EVIDENCE_BUCKET } from '../testing/functions.js';
import type { LocalGateway } from '../testing/gateway.js';
import { createService } from '../testing/service.js';
import type { World } from '../testing/world.js';

export const DAYS = 100;

/** Observes a story while it runs. */
export interface Observer {
  /** An action of a person or a program outside the product. */
  event(at: Date, text: string): void;
  dayBegins(day: number): void;
}

/** Facts that no part of the product records. */
export interface Diary {
  readonly startedAt: Date;
  readonly audits: (AuditSummary & { readonly at: Date })[];
  /** How many the policy's schedule has in these days. */
  readonly auditsDue: number;
  /** Each finding as it was first reported, by id. */
  readonly findings: Map<string, Finding>;
  /** Secrets whose key Mistral rejected when a service used it. */
  readonly rejected: Set<string>;
  /** Calls that functions made to `/v1/admin`. */
  readonly adminCalls: readonly string[];
  /** Requests that the gateway answered. */
  answered: number;
  /** How many requests it rejected, by error code. */
  readonly refused: Map<string, number>;
  /** The latest row of every window of every workspace. */
  readonly spend: Map<string, SpendRow>;
}

type Act = () => Promise<unknown>;

interface Days {
  readonly from?: number;
  readonly to?: number;
  readonly every?: number;
}

const ProblemSchema = z.object({ code: z.string() });

export interface StageOptions {
  readonly world: World;
  /** The record of all observations. */
  readonly adminCalls: readonly string[];
  readonly openGateway: () => Promise<LocalGateway>;
  readonly observer: Observer;
}

export type Stage = ReturnType<typeof createStage>;

/** A world, and the actions of a story in it. */
export function createStage(options: StageOptions) {
  const { world, adminCalls, openGateway, observer } = options;
  const { clock, policy } = world;
  const startMs = clock.now().getTime();
  const dayAt = (day: number, hour: number) => new Date(startMs + day * DAY_MS + hour * HOUR_MS);
  const secretsManager = new SecretsManagerClient(localAws(world.url));
  let gateway: LocalGateway | undefined;
  const diary: Diary = {
    startedAt: clock.now(),
    audits: [],
    auditsDue: auditsDue(policy, clock.now(), dayAt(DAYS, 0)),
    findings: new Map(),
    rejected: new Set(),
    adminCalls,
    answered: 0,
    refused: new Map(),
    spend: new Map(),
  };

  const stage = {
    world,
    diary,
    /** For programs of the story that read secrets. */
    secretsManager,
    announce: (text: string): void => observer.event(clock.now(), text),

    /** Plans an action for a day of the story, counted from 0, and an hour of it. */
    at: (day: number, hour: number, act: Act): void => clock.at(dayAt(day, hour), act),

    /** The same, for every day from one to another. */
    daily(hour: number, act: Act, { from = 0, to = DAYS, every = 1 }: Days = {}): void {
      for (let day = from; dayAt(day, hour) <= dayAt(to, 0); day += every) stage.at(day, hour, act);
    },

    /** An audit every night, at the policy's time. */
    auditNightly(): void {
      const next = nextAudit(policy, clock.now());
      if (!next) return; // it has ended
      clock.at(next, async () => {
        const summary = await world.audit();
        diary.audits.push({ ...summary, at: clock.now() });
        for (const finding of summary.findings) {
          if (!diary.findings.has(finding.id)) diary.findings.set(finding.id, finding);
        }
        stage.auditNightly();
      });
    },

    /** A service that calls Mistral every day with the key of this secret. */
    runService(secretName: string, hour: number): void {
      const { readerCacheSeconds: cacheSeconds } = policy.rotation;
      const { now } = clock;
      const options = { secretName, secrets: secretsManager, apiUrl: world.url, now, cacheSeconds };
      const service = createService(options);
      // First keys of many secrets come over some hours.
      const from = plannedKeys(policy).length > policy.rotation.atOnce ? 1 : 0;
      const work = async () => {
        if (!(await service.work())) diary.rejected.add(secretName);
      };
      stage.daily(hour, work, { from });
    },

    /** Calls the gateway. Returns the code of its error; `undefined` for an answer. */
    async ask(
      callerArn: string,
      body: object,
      path = '/v1/chat/completions',
    ): Promise<string | undefined> {
      gateway ??= await openGateway();
      const response = await gateway.ask(callerArn, path, body);
      const text = await response.text();
      if (response.ok) {
        diary.answered += 1;
        return undefined;
      }
      const { code } = ProblemSchema.parse(JSON.parse(text));
      diary.refused.set(code, (diary.refused.get(code) ?? 0) + 1);
      return code;
    },

    /** Settles the gateway's use, as happens every second in production. */
    flush: async (): Promise<void> => gateway?.flush(),

    /** Runs the spend monitor. */
    async checkSpend(): Promise<void> {
      await stage.flush();
      for (const row of (await world.monitorSpend()).spend) {
        diary.spend.set(`${row.workspace} ${row.window} ${row.windowName}`, row);
      }
    },

    /** What an auditor runs at the end: `mistral-governance audit verify`. */
    async verifyEvidence(): Promise<ChainReport> {
      const client = createEvidenceClient({ ...PATIENT_CLIENT, ...localAws(world.url) }, world.url);
      try {
        const archive = createEvidenceArchive(client, EVIDENCE_BUCKET);
        return await verifyChain(archive, { now: clock.now() });
      } finally {
        client.destroy();
      }
    },

    /** Plays the remaining days, and closes the gateway. */
    async playToEnd(): Promise<void> {
      try {
        await clock.playUntil(dayAt(DAYS, 0));
      } finally {
        await gateway?.close();
        secretsManager.destroy();
      }
    },
  };
  for (let day = 0; day <= DAYS; day += 1) stage.at(day, 0, async () => observer.dayBegins(day));
  return stage;
}

function nextAudit({ audit }: Policy, after: Date): Date | undefined {
  const schedule = parseSchedule(audit.schedule);
  return 'kind' in schedule ? nextRun(schedule, audit.timezone, after) : undefined;
}

function auditsDue(policy: Policy, from: Date, to: Date): number {
  let due = 0;
  for (let at = nextAudit(policy, from); at && at <= to; at = nextAudit(policy, at)) due += 1;
  return due;
}

/** The id of the current key. */
export function currentKeyId({ secrets }: World, secretName: string): string {
  return keyIdIn(secrets.valueAt(secretName, 'AWSCURRENT')) ?? '';
}

/** The id of the key in the value of a version. */
export function keyIdIn(value: string | undefined): string | undefined {
  return value === undefined ? undefined : JSON.parse(value).keyId;
}
