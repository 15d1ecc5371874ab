import * as z from 'zod';
import type { Alert } from '../../governance/alerts/alert.js';
import {
  EarlierCheckSchema,
  type Retirement,
  RetirementSchema,
  type RetirementVerdict,
} from '../../governance/keys/retirement.js';
import { onReminderDays } from '../../governance/keys/retirement-reminder.js';
import { createNotifyOnCallHandler } from '../../lambdas/notify-on-call/handler.js';
import type { Revocation } from '../../lambdas/revoke-key/handler.js';
import type { RollBack } from '../../lambdas/roll-back-key/handler.js';
import { createVirtualClock } from '../../testing/clock.js';
import type { Definition } from '../../testing/definition.js';
import { createExecutions, type ExecutionStatus } from '../../testing/fakes/executions.js';
import { createFlowRunner } from '../../testing/run-flow.js';
import { aPolicy, aRetirement, silentLog } from './builders.js';
import { branchesTaken, statesEntered } from './flow-branches.js';

export interface FlowPlan {
  /** The verdicts in turn, as they are on days of reminders; the last one repeats. */
  readonly verdicts?: readonly (RetirementVerdict | { readonly kind: string })[];
  readonly rollBacks?: readonly RollBack['outcome'][];
  readonly revocations?: readonly Revocation['outcome'][];
  /** @default a key that was replaced */
  readonly retirement?: Retirement;
  /** The error of a call, by the call and the number of earlier calls. */
  readonly fails?: (call: string, before: number) => Error | undefined;
}

export interface PlayedFlow {
  readonly status: ExecutionStatus;
  /** Names of the states, in the order of the run. */
  readonly states: readonly string[];
  readonly branches: readonly string[];
  /** Every call of a function: `<hour> <function>`, or `<hour> notify <event>`. */
  readonly calls: readonly string[];
  /** The state that each check gets from the previous one: since when the new key is rejected. */
  readonly rejectedSince: readonly (string | undefined)[];
  readonly alerts: readonly Alert[];
  readonly history: readonly unknown[];
}

export const START = new Date('2026-04-01T10:00:00Z');
export const END = new Date('2026-05-01T00:00:00Z');

const NoticeSchema = z.object({ event: z.string(), flow: RetirementSchema });

/** Plays one retirement by the definition: each function answers as planned, but notify-on-call is real. */
export async function playFlow(definition: Definition, plan: FlowPlan): Promise<PlayedFlow> {
  const {
    verdicts = [{ kind: 'revoke' }],
    rollBacks = ['rolled back'],
    revocations = ['deleted'],
  } = plan;
  const clock = createVirtualClock(START);
  const calls: string[] = [];
  const counts = new Map<string, number>();
  const alerts: Alert[] = [];
  const rejectedSince: (string | undefined)[] = [];
  const notifyOnCall = createNotifyOnCallHandler({
    policy: aPolicy(),
    alerts: { publish: async (alert) => void alerts.push(alert) },
    journal: { record: async () => {}, recordOnce: async () => true },
    log: silentLog,
    counts: { count() {} },
    executions: {
      async current() {
        const entered = (await executions.operations.GetExecutionHistory?.({
          executionArn: executions.all()[0]?.arn,
        })) as { events: { stateEnteredEventDetails: { name: string; input: string } }[] };
        const { name = '', input = '' } = entered.events[0]?.stateEnteredEventDetails ?? {};
        return { name, input: JSON.parse(input) };
      },
    },
    now: clock.now,
  });

  function called(call: string): number {
    const before = counts.get(call) ?? 0;
    counts.set(call, before + 1);
    calls.push(`${clock.now().toISOString().slice(0, 13)} ${call}`);
    const error = plan.fails?.(call, before);
    if (error) throw error;
    return before;
  }
  const task =
    (name: string, answer: (before: number, input: unknown) => unknown) =>
    async (input: unknown) => {
      RetirementSchema.parse(input);
      return answer(called(name), input);
    };

  const executions = createExecutions(clock.now, (execution) =>
    clock.at(clock.now(), () => run(execution)),
  );
  const run = createFlowRunner({
    definition,
    clock,
    stateMachineArn: executions.stateMachineArn,
    tasks: {
      FunctionsVerify: task('verify', (before, input) => {
        rejectedSince.push(EarlierCheckSchema.parse(input).verdict?.rejectedSince);
        const verdict = inTurn(verdicts, before);
        return verdict && onReminderDays(verdict, input, clock.now());
      }),
      FunctionsRevoke: task('revoke', (before) => ({ outcome: inTurn(revocations, before) })),
      FunctionsConfirm: task('confirm', () => ({ rejected: true })),
      FunctionsRollBack: task('roll back', (before) => ({ outcome: inTurn(rollBacks, before) })),
      async FunctionsNotify(input) {
        called(`notify ${NoticeSchema.parse(input).event}`);
        await notifyOnCall(input);
      },
    },
  });

  const input = JSON.stringify(plan.retirement ?? aRetirement({ promotedAt: START.toISOString() }));
  executions.operations.StartExecution?.({ name: 'retire-v1', input });
  await clock.playUntil(END);
  const [execution] = executions.all();
  if (!execution) throw new Error('nothing was started');
  const { status, history } = execution;
  const states = statesEntered(history);
  return {
    status,
    states,
    branches: branchesTaken(history),
    calls,
    rejectedSince,
    alerts,
    history,
  };
}

function inTurn<T>(values: readonly T[], count: number): T | undefined {
  return values[Math.min(count, values.length - 1)];
}
