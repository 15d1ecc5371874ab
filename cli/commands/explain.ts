import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Currency } from '../../governance/platform/wording.js';
import { moneyText } from '../../governance/platform/wording.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Quota } from '../../governance/quotas/quota.js';
import { callingArn } from '../access/caller-arn.js';
import { ENDPOINT_NAMES, type EndpointName } from '../access/endpoints.js';
import { type Explanation, explain, type MatchingRule } from '../access/explanation.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { openPolicy } from '../policy-file.js';
import { renderFields } from '../terminal/table.js';

interface ExplainOptions extends CommonOptions {
  readonly tokens?: number;
  readonly endpoint: EndpointName;
}

export function registerExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description('say whether a caller may use a model, by which rule, and within which limits')
    .argument('<caller>', 'ARN of an IAM role, an assumed-role session or a user')
    .argument('<model>', 'id or alias of a model')
    .option('--tokens <n>', 'the max_tokens of the request', wholeNumber)
    .addOption(
      new Option('--endpoint <name>', 'what the request is for')
        .choices(ENDPOINT_NAMES)
        .default('chat'),
    )
    .addHelpText(
      'after',
      `
Asks the gateway's own rules about the policy file. Needs no network: aliases are those of the price
list, and nothing counts as spent. Exits with 1 where the gateway would refuse the request.

Examples:
  $ mistral-governance explain arn:aws:iam::111122223333:role/analyst mistral-small-latest
  $ mistral-governance explain arn:aws:sts::111122223333:assumed-role/developer/ana codestral-latest --endpoint fim --tokens 4000`,
    )
    .action((caller: string, model: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExplainOptions>();
      return cli.run(options, async () => {
        const policy = openPolicy(options.policy);
        const request = {
          callerArn: callingArn(caller),
          model,
          maxTokens: options.tokens,
          endpoint: options.endpoint,
        };
        return answerOf(policy, await explain(policy, request, cli.now()));
      });
    });
}

function wholeNumber(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function answerOf(policy: Policy, explanation: Explanation): Answer {
  const { allowed, refusal } = explanation;
  return {
    document: { ...explanation, gatewayEnabled: policy.gateway.enabled },
    exitCode: allowed ? EXIT.ok : EXIT.no,

    text(style) {
      const verdict = refusal
        ? `${style.paint('✗', 'bad')} refused, ${refusal.code}: ${refusal.message}\n`
        : `${style.paint('✓', 'good')} allowed\n`;
      const note = policy.gateway.enabled
        ? ''
        : `note: gateway.enabled is false, so these rules bind the client library alone\n`;
      return verdict + renderFields(fieldsOf(policy.mistral.currency, explanation), style) + note;
    },
  };
}

function fieldsOf(
  currency: Currency,
  {
    allowed,
    callerArn,
    rule,
    overruled,
    model,
    allowedBy,
    maxTokens,
    dailyTokens,
    quotas,
    reservesNanos,
    overflowTo,
  }: Explanation,
): [string, string][] {
  const fields: [string, string][] = [['caller', callerArn]];
  if (!rule) return [...fields, ['rule', "none of the policy's callers matches"]];

  fields.push(['rule', ruleText(rule)]);
  for (const other of overruled) fields.push(['', `less specific: ${ruleText(other)}`]);
  fields.push(['role', rule.role], ['workspace', rule.workspace]);
  fields.push(['model', modelText(model)]);
  if (allowedBy) {
    fields.push(['', `role ${rule.role} ${namesText(allowedBy.role)}`]);
    fields.push(['', `workspace ${rule.workspace} ${namesText(allowedBy.workspace)}`]);
  }
  if (maxTokens.allowed !== undefined) {
    const asked = maxTokens.asked === undefined ? '' : `, asked for are ${maxTokens.asked}`;
    fields.push(['max tokens', `up to ${maxTokens.allowed} a request${asked}`]);
  }
  fields.push(['tokens a day', tokensText(dailyTokens)]);
  for (const [at, quota] of quotas.entries()) {
    fields.push([at === 0 ? 'budgets' : '', quotaText(quota, currency)]);
  }
  if (reservesNanos !== undefined) {
    fields.push([
      'reserves',
      `up to ${moneyText(reservesNanos, currency)}, and what the prompt adds`,
    ]);
  }
  if (allowed) fields.push(['on 429 tries', overflowTo.join(', then ') || 'no other workspace']);
  return fields;
}

function ruleText({ path, principal, perSession }: MatchingRule): string {
  return `${path} ${principal}${perSession ? ', each session for itself' : ''}`;
}

function modelText({ asked, id }: Explanation['model']): string {
  if (id === undefined) return `${asked}, which the price list does not know`;
  return id === asked ? id : `${asked}, an alias of ${id}`;
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return 'does not allow it';
  return names[0] === '*' ? 'allows all models' : `allows it as ${names.join(', ')}`;
}

function tokensText(quota: Quota | undefined): string {
  return quota ? `${quota.limit} of ${quota.scope.replace('#', ' ')}` : 'unlimited';
}

function quotaText({ unit, window, limit }: Quota, currency: Currency): string {
  return unit === 'requests'
    ? `${limit} requests a ${window}`
    : `${moneyText(limit, currency)} ${window === 'hour' ? 'an' : 'a'} ${window}`;
}
