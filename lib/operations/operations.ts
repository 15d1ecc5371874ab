import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, type IConstruct } from 'constructs';
import type { Policy } from '../../governance/policy/policy.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { AlertTopic } from './alert-topic.js';
import { DeadLetterQueue } from './dead-letter-queue.js';
import {
  FunctionAlarms,
  type FunctionAlarmsProps,
  type WatchedFunction,
} from './function-alarms.js';
import { KeyAlarms } from './key-alarms.js';
import { OperationsDashboard } from './operations-dashboard.js';

export interface OperationsProps extends Pick<FunctionAlarmsProps, 'watchedElsewhere'> {
  /** All functions and dead-letter queues below this are watched. */
  readonly system: IConstruct;

  readonly policy: Policy;

  readonly alertTopic: AlertTopic;

  /** Runs only in deploys, which fail with it, so it needs no alarm. */
  readonly deployFunction: WatchedFunction;

  readonly retirements: IStateMachine;
}

/** Alarms on the system as a whole, and its dashboard. */
export class Operations extends Construct {
  constructor(scope: Construct, id: string, props: OperationsProps) {
    super(scope, id);

    const { system, policy, alertTopic, deployFunction, retirements } = props;
    const { keySource } = policy.mistral;
    const functions = constructsOf<WatchedFunction>(system, GovernanceFunction);

    new KeyAlarms(this, 'KeyAlarms', { alertTopic, keySource, rotation: policy.rotation });
    new FunctionAlarms(this, 'FunctionAlarms', {
      alertTopic,
      functions: functions.filter((one) => one !== deployFunction),
      watchedElsewhere: props.watchedElsewhere,
    });
    new OperationsDashboard(this, 'Dashboard', {
      policy,
      alarms: alertTopic.watched,
      functions,
      deadLetters: constructsOf(system, DeadLetterQueue).map((queue) => ({
        queue,
        name: queue.node.path.slice(system.node.path.length + 1),
      })),
      retirements,
    });
  }
}

function constructsOf<Found extends IConstruct>(
  system: IConstruct,
  type: abstract new (...args: never[]) => Found,
): Found[] {
  return system.node.findAll().filter((one): one is Found => one instanceof type);
}
