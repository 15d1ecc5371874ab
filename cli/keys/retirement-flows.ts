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
import { mapBounded } from '../../governance/platform/map-bounded.js';

/** A retirement under way. */
export interface RunningRetirement extends RunningExecution {
  readonly retirement: Retirement;
}

export type RetirementEnd = 'revoked' | 'failed' | 'still running';

export interface RetirementFlows {
  /** Those that wait; not the ones that were told to revoke at once. */
  running(): Promise<readonly RunningRetirement[]>;
  /** Runs the same flow with nothing to wait for, and ends the one that waits once the key is gone. */
  revokeAtOnce(waiting: RunningRetirement, now: Date): Promise<RetirementEnd>;
}

export interface RetirementFlowsOptions {
  readonly client: SFNClient;
  readonly stateMachineArn: string;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Step Functions answers some hundreds of descriptions at once, and 15 a second from then on. */
const DESCRIBED_AT_ONCE = 8;
const REVOCATION = 'revoke-';
/** One that failed keeps its name for 90 days, so each further try has a name of its own. */
const MOST_REVOCATIONS = 20;
const LONGEST_NAME = 80;
const STOPPED_BECAUSE = 'revoked at once from the command line';
/** A revocation takes seconds; one that Mistral does not confirm is tried for some minutes. */
const LOOKS = 200;
const PAUSE_MS = 3000;
const FIRST_PAUSE_MS = 500;

export function createRetirementFlows({
  client,
  stateMachineArn,
  sleep,
}: RetirementFlowsOptions): RetirementFlows {
  async function end(executionArn: string): Promise<RetirementEnd> {
    for (let look = 0; look < LOOKS; look += 1) {
      await sleep(look === 0 ? FIRST_PAUSE_MS : PAUSE_MS);
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
      const waiting: RunningExecution[] = [];
      for await (const one of runningExecutions(client, stateMachineArn)) {
        if (!one.name.startsWith(REVOCATION)) waiting.push(one);
      }
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
        await client.send(new StopExecutionCommand({ executionArn, cause: STOPPED_BECAUSE }));
      }
      return ended;
    },
  };
}

/** For a replaced key that of the command in its alert, so that both together revoke once. */
function revocationName(waiting: string): string {
  return `${REVOCATION}${waiting}`.slice(0, LONGEST_NAME);
}

/** One that was started before, by the command of an alert for example, is gone on with. */
async function start(
  client: SFNClient,
  stateMachineArn: string,
  firstName: string,
  input: string,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const ending = attempt === 1 ? '' : `-${attempt}`;
    const name = firstName.slice(0, LONGEST_NAME - ending.length) + ending;
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
      if (!isOver || attempt === MOST_REVOCATIONS) return executionArn;
    }
  }
}
