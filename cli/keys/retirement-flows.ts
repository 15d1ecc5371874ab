import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Retirement, revokeAtOnce } from '../../governance/keys/retirement.js';
import {
  type RunningExecution,
  retirementOf,
  runningExecutions,
} from '../../governance/keys/retirements.aws.js';
import { collect } from '../../governance/platform/collect.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import type { Cli } from '../cli.js';

/** A retirement in progress. */
export interface RunningRetirement extends RunningExecution {
  readonly retirement: Retirement;
}

export type RetirementEnd = 'revoked' | 'failed' | 'still running';

export interface RetirementFlows {
  /** Those that wait; without those that were started to revoke at once. */
  running(): Promise<readonly RunningRetirement[]>;
  /** Runs the same flow without waits, and stops the waiting one once the key is revoked. */
  revokeAtOnce(waiting: RunningRetirement, now: Date): Promise<RetirementEnd>;
}

/** Step Functions answers a burst of some hundred descriptions, then 15 a second. */
const DESCRIBED_AT_ONCE = 8;
const REVOCATION = 'revoke-';
/** A failed execution keeps its name for 90 days, so each attempt has a name of its own. */
const MAX_ATTEMPTS = 20;
const MAX_NAME_LENGTH = 80;
const STOP_CAUSE = 'revoked from the command line';
/** A revocation takes seconds, or minutes while Mistral does not confirm it. */
const MAX_CHECKS = 200;
const PAUSE_MS = 3000;
const FIRST_PAUSE_MS = 500;

export function createRetirementFlows(
  client: SFNClient,
  stateMachineArn: string,
  sleep: Cli['sleep'],
): RetirementFlows {
  async function end(executionArn: string): Promise<RetirementEnd> {
    for (let check = 0; check < MAX_CHECKS; check += 1) {
      await sleep(check === 0 ? FIRST_PAUSE_MS : PAUSE_MS);
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') return 'revoked';
      if (status !== 'RUNNING') return 'failed';
    }
    return 'still running';
  }

  const described = new Map<string, Promise<Retirement | undefined>>();

  function describeOnce(executionArn: string): Promise<Retirement | undefined> {
    const known = described.get(executionArn) ?? retirementOf(client, executionArn);
    described.set(executionArn, known);
    return known;
  }

  return {
    async running() {
      const running = await collect(runningExecutions(client, stateMachineArn));
      const waiting = running.filter(({ name }) => !name.startsWith(REVOCATION));
      const found = await mapBounded(waiting, DESCRIBED_AT_ONCE, async (one) => {
        const retirement = await describeOnce(one.executionArn);
        return retirement && { ...one, retirement };
      });
      return found.filter((one) => one !== undefined);
    },

    async revokeAtOnce({ name, executionArn, retirement }, now) {
      const input = JSON.stringify(revokeAtOnce(retirement, now));
      const started = await start(client, stateMachineArn, revocationName(name), input);
      const ended = await end(started);
      if (ended === 'revoked') {
        await client.send(new StopExecutionCommand({ executionArn, cause: STOP_CAUSE }));
      }
      return ended;
    },
  };
}

/** The runbook's command uses the same name, so that both together revoke once. */
function revocationName(waiting: string): string {
  return `${REVOCATION}${waiting}`.slice(0, MAX_NAME_LENGTH);
}

/** Continues with an execution that was started before, for example by the command in an alert. */
async function start(
  client: SFNClient,
  stateMachineArn: string,
  firstName: string,
  input: string,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const ending = attempt === 1 ? '' : `-${attempt}`;
    const name = firstName.slice(0, MAX_NAME_LENGTH - ending.length) + ending;
    try {
      const { executionArn = '' } = await client.send(
        new StartExecutionCommand({ stateMachineArn, name, input }),
      );
      return executionArn;
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
      const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      const isOver = status !== 'RUNNING' && status !== 'SUCCEEDED';
      if (!isOver || attempt === MAX_ATTEMPTS) return executionArn;
    }
  }
}
