import { countText } from '../../governance/platform/wording.js';
import {
  plannedResources,
  type ResourceCounts,
} from '../../governance/policy/planned-resources.js';
import type { Policy } from '../../governance/policy/policy.js';
import { headingText, type Style } from '../terminal/style.js';
import { left, renderTable, right } from '../terminal/table.js';
import { AWS_PRICES_OF } from './aws-prices.js';
import { type Cost, centsText, sumOf } from './costs.js';
import { monthlyCosts } from './monthly-costs.js';
import { requestCosts } from './request-costs.js';

const NANOS_OF_CENT = 10_000_000;

/** What a deploy of the policy creates, and what that costs at AWS. */
export interface Outlook {
  readonly resources: ResourceCounts;
  readonly monthly: readonly Cost[];
  readonly millionRequests: readonly Cost[];
}

export function outlookOf(policy: Policy, environment?: string): Outlook {
  const resources = plannedResources(policy, { ephemeral: environment === 'dev' });
  return {
    resources,
    monthly: monthlyCosts(policy, resources),
    millionRequests: requestCosts(policy),
  };
}

/** For scripts. */
export function outlookDocument({ resources, monthly, millionRequests }: Outlook) {
  return {
    creates: Object.entries(resources).map(([type, count]) => ({ type, count })),
    costs: {
      currency: 'USD',
      region: AWS_PRICES_OF.region,
      pricesOf: AWS_PRICES_OF.day,
      monthly: monthly.map(costDocument),
      monthlyNanos: sumOf(monthly) * NANOS_OF_CENT,
      millionRequests: millionRequests.map(costDocument),
      millionRequestsNanos: sumOf(millionRequests) * NANOS_OF_CENT,
    },
  };
}

function costDocument({ service, what, arithmetic, cents, laterCents }: Cost) {
  return {
    service,
    what,
    arithmetic,
    nanos: cents * NANOS_OF_CENT,
    ...(laterCents !== undefined && { laterNanos: laterCents * NANOS_OF_CENT }),
  };
}

/** For people: what `policy check` ends with. */
export function outlookText(
  { resources, monthly, millionRequests }: Outlook,
  style: Style,
): string {
  const count = Object.values(resources).reduce((sum, one) => sum + one, 0);
  const stacks = 1 + (resources['AWS::CloudFormation::Stack'] ?? 0);
  const title = `will create ${countText(count, 'resource')} in ${countText(stacks, 'CloudFormation stack')}`;
  return [
    headingText(title, style),
    renderTable(byService(resources), style, [
      left('service', ({ service }) => service),
      left('resources', ({ kinds }) => kinds),
    ]),
    costsText(`will cost about ${centsText(sumOf(monthly))} USD a month at AWS`, monthly, style),
    ...(millionRequests.length > 0
      ? [
          costsText(
            `a million requests through the gateway will add ${centsText(sumOf(millionRequests))} USD`,
            millionRequests,
            style,
          ),
        ]
      : []),
    `\n${PRICES_TEXT}\n`,
  ].join('');
}

export const PRICES_TEXT = `AWS's list prices of ${AWS_PRICES_OF.region} on ${AWS_PRICES_OF.day}; other regions have others, and an account's free use is not subtracted. What Mistral charges comes on top.`;

function costsText(title: string, costs: readonly Cost[], style: Style): string {
  const columns = [
    left('service', ({ service }: Cost) => service),
    left('for', ({ what }: Cost) => what),
    right('USD', ({ cents }: Cost) => centsText(cents)),
  ];
  const heading = headingText(title, style);
  if (style.columns === undefined) {
    const arithmetic = left('arithmetic', (cost: Cost) => cost.arithmetic);
    return heading + renderTable(costs, style, [...columns, arithmetic]);
  }
  // No terminal has room for the arithmetic beside them.
  const [titles, ...rows] = renderTable(costs, style, columns).trimEnd().split('\n');
  const lines = rows.flatMap((row, at) => [row, ...arithmeticLines(costs[at], style)]);
  return `${[heading + titles, ...lines].join('\n')}\n`;
}

function arithmeticLines(cost: Cost | undefined, style: Style): readonly string[] {
  const terms = cost?.arithmetic.split('; ') ?? [];
  return terms.map((term) => `  ${style.paint(term, 'faint')}`);
}

/** `CloudWatch`, with `38 Alarm, 2 CompositeAlarm, 1 Dashboard`. */
function byService(resources: ResourceCounts) {
  const kinds = new Map<string, string[]>();
  for (const [type, count] of Object.entries(resources)) {
    const parts = type.split('::');
    const service = parts.length > 2 ? `${parts[1]}` : 'custom resources';
    kinds.set(service, [...(kinds.get(service) ?? []), `${count} ${parts.at(-1)}`]);
  }
  return [...kinds].map(([service, texts]) => ({ service, kinds: texts.join(', ') }));
}
