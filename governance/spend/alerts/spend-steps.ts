import type { NextStep } from '../../alerts/alert.js';
import { METRICS_NAMESPACE } from '../../platform/metrics.js';
import { shell } from '../../platform/quoting.js';
import { DAY_MS, type IsoDate } from '../../platform/utc-day.js';
import type { Currency } from '../../platform/wording.js';

interface HourlyMetric {
  readonly say: string;
  readonly metric: string;
  /** `Name=…,Value=…` */
  readonly dimension: string;
  readonly statistic: 'Maximum' | 'Sum';
  readonly at: Date;
}

/** Lists a metric of ours in each hour of the last day. */
export function showMetric({ say, metric, dimension, statistic, at }: HourlyMetric): NextStep {
  const [from, to] = [new Date(at.getTime() - DAY_MS), at].map((one) =>
    one.toISOString().replace(/\.\d+Z/, 'Z'),
  ) as [string, string];
  return {
    say,
    command:
      shell`aws cloudwatch get-metric-statistics --namespace ${METRICS_NAMESPACE} --metric-name ${metric} --dimensions ${dimension} --start-time ${from} --end-time ${to} --period 3600 --statistics ${statistic}` +
      ` --query 'sort_by(Datapoints,&Timestamp)[].[Timestamp,${statistic}]' --output text`,
  };
}

export function listCallers(quotaTableName: string, day: IsoDate): NextStep {
  const values = { ':callers': { S: 'quota#caller#' }, ':day': { S: `tokens#${day}` } };
  return {
    say: `List the callers that used the most tokens on ${day}`,
    command: shell`aws dynamodb scan --table-name ${quotaTableName} --filter-expression 'begins_with(pk, :callers) AND sk = :day' --expression-attribute-values ${JSON.stringify(values)} --query 'Items[].[settled.N,pk.S]' --output text | sort -rn | head`,
  };
}

/** `limit` is the field of a workspace without its currency: `budgets.daily`. */
export function raiseLimit(
  { workspace, currency }: { readonly workspace: string; readonly currency: Currency },
  limit: string,
): NextStep {
  const field = `${limit}${currency === 'USD' ? 'Usd' : 'Eur'}`;
  return {
    say: `If the spend is intended, raise workspaces[${workspace}].${field} in governance.yaml and deploy`,
    command: 'npx cdk deploy --all',
  };
}

export function showGrowth({
  workspace,
  at,
}: {
  readonly workspace: string;
  readonly at: Date;
}): NextStep {
  const say = 'Show how the spend of the month grew over the last day';
  const dimension = `Name=workspace,Value=${workspace}`;
  return showMetric({ say, metric: 'MonthSpend', dimension, statistic: 'Maximum', at });
}
