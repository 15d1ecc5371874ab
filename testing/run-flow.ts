import './promise-with-resolvers.js';
import { StateMachine } from 'aws-local-stepfunctions';
import * as z from 'zod';
import type { VirtualClock } from './clock.js';
import type { Definition } from './definition.js';
import type { Execution } from './fakes/executions.js';

/** A function that a task of the flow calls. */
export type FlowTask = (input: unknown) => Promise<unknown>;

export interface FlowRunnerOptions {
  readonly definition: Definition;
  readonly clock: VirtualClock;
  readonly stateMachineArn: string;
  /** The function behind each task, by a part of its id in the template. */
  readonly tasks: Readonly<Record<string, FlowTask>>;
}

/** A task as the interpreter calls it. */
type Interpreted = (input: unknown) => Promise<ReturnType<typeof asJson>>;

/**
 * Runs the synthesized state machine on a virtual clock: one call plays one execution up to its next
 * wait; the end of the wait is planned on the clock.
 */
export function createFlowRunner({ definition, clock, stateMachineArn, tasks }: FlowRunnerOptions) {
  const machine = machineOf(definition);
  const noPause = Object.fromEntries(Object.keys(definition.States).map((name) => [name, 0]));

  return (execution: Execution): Promise<void> => {
    let stepDone = () => {};
    const step = (proceed: () => void) =>
      new Promise<void>((resolve) => {
        stepDone = resolve;
        proceed();
      });

    async function wait(input: unknown, timestampPath: string): Promise<null> {
      const until = timestampAt(input, timestampPath);
      await new Promise<void>((resume) => {
        clock.at(until, async () => {
          if (execution.status === 'RUNNING') await step(resume); // unless it was stopped meanwhile
        });
        stepDone();
      });
      return null;
    }

    const handlers = Object.entries(definition.States).flatMap(
      ([name, { Type, Resource = '', TimestampPath = '' }]) => {
        if (Type !== 'Wait' && Type !== 'Task') return [];
        const handle =
          Type === 'Wait'
            ? (input: unknown) => wait(input, TimestampPath)
            : taskOf(Resource, tasks);
        const handler: Interpreted = (input) => {
          execution.path.push({ state: name, at: clock.now() });
          return handle(input);
        };
        return [[name, handler] as const];
      },
    );

    return step(async () => {
      const run = machine.run(asJson(execution.input), {
        overrides: {
          taskResourceLocalHandlers: Object.fromEntries(handlers),
          retryIntervalOverrides: noPause,
        },
        context: { Execution: { Id: execution.arn }, StateMachine: { Id: stateMachineArn } },
      });
      const logged = (async () => {
        for await (const event of run.eventLogs) execution.history.push(event);
      })();
      execution.status = await run.result.then(
        () => 'SUCCEEDED' as const,
        () => 'FAILED' as const,
      );
      await logged;
      stepDone();
    });
  };
}

// Validating a definition takes longer than running it.
const machines = new WeakMap<Definition, StateMachine>();

function machineOf(definition: Definition): StateMachine {
  const known = machines.get(definition);
  if (known) return known;
  const machine = new StateMachine(asInterpreted(definition), {
    validationOptions: { checkArn: false },
  });
  machines.set(definition, machine);
  return machine;
}

/** A wait becomes a task, so that the clock can end it. */
function asInterpreted({ States, ...rest }: Definition) {
  const states = Object.entries(States).map(([name, { TimestampPath, ...state }]) => [
    name,
    state.Type === 'Wait' ? { ...state, Type: 'Task', Resource: 'wait', ResultPath: null } : state,
  ]);
  return asJson({ ...rest, States: Object.fromEntries(states) });
}

/** The value at a path such as `$.refresh.checkAt`. */
function timestampAt(input: unknown, path: string): Date {
  const [root, ...fields] = path.split('.');
  if (root !== '$') throw new Error(`no way to follow the path ${path}`);
  const value = fields.reduce<unknown>((within, field) => Object(within)[field], input);
  return new Date(z.iso.datetime().parse(value));
}

function taskOf(resource: string, tasks: FlowRunnerOptions['tasks']): Interpreted {
  const [name] = Object.keys(tasks).filter((part) => resource.includes(part));
  const task = tasks[name ?? ''];
  if (!task) throw new Error(`no function for task resource ${resource}`);
  // As in Lambda, the result is JSON.
  return async (input) => asJson((await task(input)) ?? null);
}

// biome-ignore lint/suspicious/noExplicitAny: the interpreter's own types for JSON are any
function asJson(value: unknown): any {
  return JSON.parse(JSON.stringify(value));
}
