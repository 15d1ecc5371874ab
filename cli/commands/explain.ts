import { type Command, Option } from 'commander';
import {
  type Currency,
  countText,
  listText,
  moneyText,
  numberText,
} from '../../governance/platform/wording.js';
import { isAgentId } from '../../governance/policy/policy-agents.js';
import type { Quota } from '../../governance/quotas/quota.js';
import type { ClosestRule, MatchingRule } from '../access/closest-rule.js';
import { type Explanation, explain } from '../access/explanation.js';
import { callingArn, ENDPOINT_NAMES, type EndpointName } from '../access/gateway-rules.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { openPolicy } from '../policy-file.js';
import { verdictLine } from '../terminal/style.js';
import { renderFields } from '../terminal/table.js';

interface ExplainOptions extends CommonOptions {
  readonly tokens?: number;
  readonly endpoint?: EndpointName;
}

export function registerExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description('say whether a caller may use a model, by which rule, and within which limits')
    .argument('<caller>', 'ARN of an IAM role, an assumed-role session or a user')
    .argument('<model>', 'id or alias of a model, or id of an agent')
    .option('--tokens <n>', 'the max_tokens of the request', wholeNumber)
    .addOption(
      new Option(
        '--endpoint <name>',
        'the endpoint that the request is for (default: chat, and agents for an agent)',
      ).choices(ENDPOINT_NAMES),
    )
    .addHelpText('after', HELP)
    .action(action(cli, explainRequest));
}

const HELP = `
Applies the gateway's own rules to the policy file. Needs no network: aliases are those of the price list,
and nothing is spent yet. Exits with 1 if the gateway would refuse the request.

Examples:
  $ mistral-governance explain arn:aws:iam::111122223333:role/analyst mistral-small-latest
  $ mistral-governance explain arn:aws:sts::111122223333:assumed-role/developer/ana codestral-latest --endpoint fim --tokens 4000`;

async function explainRequest(
  cli: Cli,
  { policy: path, tokens: maxTokens, endpoint: given }: ExplainOptions,
  caller = '',
  model = '',
): Promise<Answer> {
  const policy = openPolicy(path);
  const endpoint = given ?? (isAgentId(model) ? 'agents' : 'chat');
  const request = { callerArn: callingArn(caller), model, maxTokens, endpoint };
  const explanation = await explain(policy, request, cli.now());
  const { allowed, refusal } = explanation;
  const gatewayEnabled = policy.gateway.enabled;
  return {
    document: { ...explanation, gatewayEnabled },
    exitCode: allowed ? EXIT.ok : EXIT.no,

    text(style) {
      const verdict = refusal ? `refused, ${refusal.code}: ${refusal.message}` : 'allowed';
      const note =
        'note: gateway.enabled is false, so only the client library applies these rules\n';
      return [
        verdictLine(allowed, verdict, style),
        renderFields(fieldsOf(policy.mistral.currency, explanation), style),
        gatewayEnabled ? '' : note,
      ].join('');
    },
  };
}

function fieldsOf(currency: Currency, explanation: Explanation): [string, string][] {
  const { callerArn, rule, closest, model, allowedBy, maxTokens, reservesNanos } = explanation;
  const fields: [string, string][] = [['caller', callerArn]];
  if (!rule) {
    fields.push(['rule', "none of the policy's callers matches"]);
    if (closest) fields.push(['', `closest: ${ruleText(closest)}${differenceText(closest)}`]);
    return fields;
  }

  fields.push(['rule', ruleText(rule)]);
  for (const other of explanation.overruled) fields.push(['', `less specific: ${ruleText(other)}`]);
  fields.push(['role', rule.role], ['workspace', rule.workspace]);
  fields.push(['model', modelText(model)]);
  if (allowedBy) {
    fields.push(['', `role ${rule.role} ${namesText(allowedBy.role)}`]);
    fields.push(['', `workspace ${rule.workspace} ${namesText(allowedBy.workspace)}`]);
  }
  if (maxTokens.allowed !== undefined) {
    const asked =
      maxTokens.asked === undefined ? '' : `, requested: ${numberText(maxTokens.asked)}`;
    const { allowed, loweredTo } = maxTokens;
    const lowered = loweredTo === undefined ? '' : `, lowered to ${numberText(loweredTo)}`;
    fields.push(['max tokens', `up to ${numberText(allowed)} per request${asked}${lowered}`]);
  }
  const { audioMinutes } = explanation;
  if (audioMinutes !== undefined) {
    const minutes = countText(audioMinutes, 'minute');
    fields.push(['audio', `${minutes} reserved per request, less for a short file`]);
  }
  fields.push(['tokens per day', tokensText(explanation.dailyTokens)]);
  for (const [at, quota] of explanation.quotas.entries()) {
    fields.push([at === 0 ? 'budgets' : '', quotaText(quota, currency)]);
  }
  if (explanation.sharesObjects) {
    fields.push(['files', `its own, and those of sharing roles in ${rule.workspace}`]);
  }
  if (reservesNanos !== undefined) {
    const { toolCalls } = explanation;
    const calls = `with ${countText(toolCalls, 'call')} of tools at Mistral`;
    const amount = moneyText(reservesNanos, currency);
    fields.push(['reserves', `up to ${amount}, ${toolCalls > 0 ? calls : 'plus the prompt'}`]);
  }
  if (explanation.allowed) {
    fields.push(['on 429 tries', overflowText(explanation, currency)]);
  }
  return fields;
}

/** Which workspaces pay, besides the caller's own. */
function overflowText({ overflowTo, lendsNanos }: Explanation, currency: Currency): string {
  const lenders = overflowTo.map((name) => {
    const nanos = lendsNanos[name];
    return nanos === undefined ? name : `${name} (lends up to ${moneyText(nanos, currency)} a day)`;
  });
  if (lenders.length === 0) return 'no other workspace';
  return `${lenders.join(', then ')}; its cost counts in the budgets of both`;
}

function ruleText({ path, principal, perSession }: MatchingRule): string {
  return `${path} ${principal}${perSession ? ', counted per session' : ''}`;
}

function differenceText({ differsIn }: ClosestRule): string {
  return differsIn.length > 0 ? `, which has another ${listText(differsIn)}` : '';
}

function modelText({ asked, id, ofAgent }: Explanation['model']): string {
  if (ofAgent !== undefined) {
    return `${modelText({ asked: ofAgent, id, ofAgent: undefined })}, of agent ${asked}`;
  }
  if (isAgentId(asked)) return `of agent ${asked}, which the policy does not have`;
  if (id === undefined) {
    return `${asked}, which neither price list nor policy has: the deployed gateway asks Mistral`;
  }
  return id === asked ? id : `${asked}, an alias of ${id}`;
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return 'does not allow it';
  return names[0] === '*' ? 'allows all models' : `allows it as ${names.join(', ')}`;
}

function tokensText(quota: Quota | undefined): string {
  return quota ? `${numberText(quota.limit)} for ${quota.scope.replace('#', ' ')}` : 'unlimited';
}

function quotaText({ unit, window, limit }: Quota, currency: Currency): string {
  const amount = unit === 'requests' ? countText(limit, 'request') : moneyText(limit, currency);
  return `${amount} per ${window}`;
}
