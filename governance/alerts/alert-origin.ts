import * as z from 'zod';
import { shell } from '../platform/quoting.js';
import { shortened } from '../platform/wording.js';
import type { Policy } from '../policy/policy.js';
import type { SubjectPlace } from '../policy/policy-fields.js';
import { stackNameOf } from '../policy/stack-name.js';
import type { Alert } from './alert.js';

/** The variables of each process that sends alerts. */
export const AlertsEnvSchema = z.object({
  ALERTS_TOPIC_ARN: z.string().min(1),
  STACK_NAME: z.string().min(1).optional(),
  /** The stack's environment, where it has one. */
  ENVIRONMENT_NAME: z.string().min(1).optional(),
});

export type AlertsEnv = z.infer<typeof AlertsEnvSchema>;

/** Where an alert comes from, and where its commands have to run. */
export interface AlertOrigin {
  readonly account: string;
  /** @default not known */
  readonly accountAlias?: string | undefined;
  readonly region: string;
  /** @default not known */
  readonly stack?: string | undefined;
  /** @default there is one only */
  readonly environment?: string | undefined;
}

/** The topic is in the stack, so its ARN has the account and the region. */
export function originOf(env: AlertsEnv, { accountAlias }: Policy['alerts']): AlertOrigin {
  const [, , , region = '', account = ''] = env.ALERTS_TOPIC_ARN.split(':');
  return {
    account,
    accountAlias,
    region,
    stack: env.STACK_NAME,
    environment: env.ENVIRONMENT_NAME,
  };
}

/** `Account 111122223333 (search), region eu-west-1, stack MistralGovernance-qa, environment qa`. */
export function originText({ account, accountAlias, region, stack, environment }: AlertOrigin) {
  return [
    `Account ${account}${accountAlias ? ` (${accountAlias})` : ''}`,
    `region ${region}`,
    ...(stack ? [`stack ${stack}`] : []),
    ...(environment ? [`environment ${environment}`] : []),
  ].join(', ');
}

/** The same, and what the commands of the alert leave to the reader. */
export function originSentence({ nextSteps, sections = [] }: Alert, origin: AlertOrigin): string {
  const { environment } = origin;
  const steps = [...nextSteps, ...sections.flatMap(({ blocks }) => blocks.map(({ next }) => next))];
  const text = `${originText(origin)}.`;
  if (environment === undefined) return text;
  const has = (placeholder: string) => steps.some((step) => step?.command?.includes(placeholder));
  const [profile, policy] = [profilePlaceholder(environment), policyPlaceholder(environment)];
  if (!has(profile)) return text;
  const also = has(policy) ? `, and ${policy} for the policy file of this environment` : '';
  return `${text} In commands, ${profile} stands for your AWS profile of this account${also}.`;
}

/** The same for a text message. */
export function shortOriginText(origin: AlertOrigin): string {
  const { account, accountAlias, region, stack, environment } = origin;
  const isNamed = environment === undefined || stack?.includes(environment);
  return [accountAlias, account, region, stack, isNamed ? undefined : environment]
    .filter(Boolean)
    .join(' ');
}

/** The subject's 99 characters are for the title first. */
const LONGEST_PREFIX = 50;

/** What a policy puts before each subject: `[{environment}]` becomes `[qa]`. */
export function prefixOf(template: string, origin: AlertOrigin): string {
  const { account, accountAlias = account, region, stack = account } = origin;
  const { environment = stack } = origin;
  const values: Record<SubjectPlace, string> = {
    account,
    alias: accountAlias,
    region,
    stack,
    environment,
  };
  const prefix = Object.entries(values).reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, () => value),
    template,
  );
  return shortened(prefix, LONGEST_PREFIX);
}

// Names are in single quotes, with any characters: a program in them is none.
const QUOTED = /\\.|'[^']*'/;
const PROGRAM =
  /(?<![^\s(])(?:aws [a-z]\S* [a-z]\S*|npx --no -- mistral-governance|npx cdk deploy --all)/;
const QUOTED_OR_PROGRAM = new RegExp(`${QUOTED.source}|${PROGRAM.source}`, 'g');

/** The command for this region and, where there are several environments, for this one's account. */
export function commandAt(command: string, origin: AlertOrigin): string {
  return command.replaceAll(QUOTED_OR_PROGRAM, (program) => {
    if (program.startsWith('aws ')) return program + regionAndProfile(origin);
    if (program.startsWith('npx cdk ')) return deployAt(program, origin);
    return program.startsWith('npx ') ? program + commandLineOptions(origin) : program;
  });
}

/** Stands for what only the reader knows. As it is, the AWS CLI says that it has no such profile. */
function profilePlaceholder(environment: string): string {
  return `PROFILE_OF_${environment.toUpperCase()}`;
}

function regionAndProfile({ region, environment }: AlertOrigin): string {
  return shell` --region ${region}` + profileOption(environment);
}

function profileOption(environment: string | undefined): string {
  return environment === undefined ? '' : shell` --profile ${profilePlaceholder(environment)}`;
}

function commandLineOptions(origin: AlertOrigin): string {
  const { stack = stackNameOf(undefined), environment } = origin;
  const isUsual = stack === stackNameOf(undefined);
  const policy =
    environment === undefined ? '' : shell` --policy ${policyPlaceholder(environment)}`;
  return regionAndProfile(origin) + (isUsual ? '' : shell` --stack ${stack}`) + policy;
}

/** The CDK has no option for a region. Without one for the policy, it would deploy that of another environment. */
function deployAt(command: string, { region, stack, environment }: AlertOrigin): string {
  const context =
    environment === undefined || stack !== stackNameOf(environment)
      ? ''
      : shell` -c policy=${policyPlaceholder(environment)} -c environment=${environment}`;
  return shell`AWS_REGION=${region} ` + command + context + profileOption(environment);
}

function policyPlaceholder(environment: string): string {
  return `POLICY_OF_${environment.toUpperCase()}`;
}
