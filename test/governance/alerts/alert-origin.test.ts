import { describe, expect, test } from 'vitest';
import {
  type AlertOrigin,
  commandAt,
  originOf,
  originText,
  prefixOf,
} from '../../../governance/alerts/alert-origin.js';
import { renderAlert } from '../../../governance/alerts/render-alert.js';
import { HERE, THERE } from '../../support/alert-place.js';
import { aPolicy } from '../../support/builders.js';
import { alertsWith } from '../../support/hostile-names.js';

const [here, there] = [HERE.origin, THERE.origin];
const alerts = [...alertsWith('search').values()].flat();

function bodiesOf(alert: (typeof alerts)[number]) {
  const { subject, message } = renderAlert(alert, THERE);
  const { email, https, sms, default: machine }: Record<string, string> = JSON.parse(message);
  return { subject, email, chat: JSON.parse(https ?? ''), sms, machine: JSON.parse(machine ?? '') };
}

describe.each(alerts.map((alert) => [`${alert.type}: ${alert.title}`, alert] as const))(
  '%s',
  (_title, alert) => {
    test('says account, alias, region, stack and environment in the body of each protocol', () => {
      const { email, chat, sms, machine } = bodiesOf(alert);
      for (const text of [email?.replaceAll('\n', ' '), chat.content.description]) {
        expect(text).toContain(
          'Account 444455556666 (search-production), region us-east-2, stack MistralGovernance-production, environment production.',
        );
      }
      expect(sms).toMatch(
        / search-production 444455556666 us-east-2 MistralGovernance-production\. https:.*#[a-z-]+$/,
      );
      expect(machine.origin).toEqual(there);
    });

    test('has the prefix of the policy before its subject', () => {
      const { subject, chat } = bodiesOf(alert);
      const mark = alert.severity === 'info' ? '' : `${alert.severity.toUpperCase()}: `;
      expect(subject).toMatch(/^\[production us-east-2\] [!-~][ -~]*$/);
      expect(subject.slice(23)).toContain(mark);
      expect(subject.length).toBeLessThan(100);
      expect(chat.content.title).toContain('[production us-east-2\\] ');
    });

    test('has region and profile in each command of each body', () => {
      const { email = '', machine } = bodiesOf(alert);
      const commands = JSON.stringify(machine).match(/"(next)?[cC]ommand":"(aws|npx) [^"]*/g) ?? [];
      const lines = email
        .split('\n')
        .filter((line) => /^\s*(Full report: )?(aws|npx|AWS_)/.test(line));
      for (const command of [...commands, ...lines]) {
        expect(command).toMatch(/--region us-east-2|AWS_REGION=us-east-2/);
        expect(command).toContain('--profile PROFILE_OF_PRODUCTION');
      }
    });
  },
);

test.each<[string, AlertOrigin, string]>([
  ['aws s3 cp s3://a .', here, 'aws s3 cp --region eu-west-1 s3://a .'],
  [
    'aws s3 cp s3://a .',
    there,
    'aws s3 cp --region us-east-2 --profile PROFILE_OF_PRODUCTION s3://a .',
  ],
  [
    'aws a b --id x && aws c d --id "$(aws e f --query "[?x == \'aws g h\']")" | jq .',
    here,
    'aws a b --region eu-west-1 --id x && aws c d --region eu-west-1 --id "$(aws e f --region eu-west-1 --query "[?x == \'aws g h\']")" | jq .',
  ],
  // Names of others are in quotes, and stay as they are.
  ["aws a b --id '; aws c d'", here, "aws a b --region eu-west-1 --id '; aws c d'"],
  ["aws a b --id $'it\\x27s aws c d'", here, "aws a b --region eu-west-1 --id $'it\\x27s aws c d'"],
  ['npx cdk deploy --all', here, 'AWS_REGION=eu-west-1 npx cdk deploy --all'],
  [
    'npx cdk deploy --all',
    there,
    'AWS_REGION=us-east-2 npx cdk deploy --all -c policy=POLICY_OF_PRODUCTION -c environment=production --profile PROFILE_OF_PRODUCTION',
  ],
  // Another app's stack, in its stage.
  [
    'npx cdk deploy --all',
    { ...there, stack: 'production-mistral' },
    'AWS_REGION=us-east-2 npx cdk deploy --all --profile PROFILE_OF_PRODUCTION',
  ],
  [
    'npx --no -- mistral-governance keys supply dev/a',
    here,
    'npx --no -- mistral-governance --region eu-west-1 keys supply dev/a',
  ],
  [
    'npx --no -- mistral-governance keys supply dev/a',
    there,
    'npx --no -- mistral-governance --region us-east-2 --profile PROFILE_OF_PRODUCTION --stack MistralGovernance-production --policy POLICY_OF_PRODUCTION keys supply dev/a',
  ],
  ['https://console.mistral.ai/api-keys', there, 'https://console.mistral.ai/api-keys'],
])('%s, there', (command, origin, located) => {
  expect(commandAt(command, origin)).toBe(located);
});

test.each([
  [
    'aws s3 cp s3://a .',
    ' In commands, PROFILE_OF_PRODUCTION stands for your AWS profile of this account.',
  ],
  [
    'npx cdk deploy --all',
    ' In commands, PROFILE_OF_PRODUCTION stands for your AWS profile of this account, and POLICY_OF_PRODUCTION for the policy file of this environment.',
  ],
  ['https://console.mistral.ai/api-keys', ''],
  [undefined, ''],
])('an e-mail with the command %s says what stands for what is in it', (command, sentence) => {
  const [alert] = alerts;
  if (!alert) throw new Error('no alert');
  const nextSteps = [{ say: 'Do it', ...(command !== undefined && { command }) }];
  const { sections: _, ...plain } = alert;
  const { email = '' } = bodiesOf({ ...plain, nextSteps });
  expect(email.replaceAll('\n', ' ')).toContain(`, environment production.${sentence}  `);
});

test('account and region come from the topic, the alias from the policy', () => {
  const env = { ALERTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts', STACK_NAME: 'Ours' };
  const rules = { ...aPolicy().alerts, accountAlias: 'search' };
  expect(originText(originOf(env, rules))).toBe(
    'Account 111122223333 (search), region eu-west-1, stack Ours',
  );
});

test.each([
  ['[{environment}]', there, '[production]'],
  ['{alias}/{account}/{region}', there, 'search-production/444455556666/us-east-2'],
  ['{stack} {stack}', there, 'MistralGovernance-production MistralGovernance-...'],
  ['{alias}', here, '111122223333'],
  ['{environment}', here, 'MistralGovernance'],
])('the prefix %s', (template, origin, prefix) => {
  expect(prefixOf(template, origin)).toBe(prefix);
});
