import { AWS_PRICES_OF } from '../cli/costs/aws-prices.js';
import { type Cost, centsText, sumOf } from '../cli/costs/costs.js';
import { outlookOf } from '../cli/costs/outlook.js';
import type { Policy } from '../governance/policy/policy.js';

const BEGIN = '<!-- costs: written by npm run schema from cli/costs -->\n';
const END = '<!-- end of costs -->';

/** The page with the costs of a policy between its two marks. */
export function withCosts(page: string, policy: Policy): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`the page has no ${BEGIN}`);
  return `${before}${BEGIN}${costsOf(policy)}${END}${after}`;
}

function costsOf(policy: Policy): string {
  const { monthly, millionRequests } = outlookOf(policy);
  const once = millionRequests.filter(({ what }) => what.endsWith('once'));
  const first = sumOf(millionRequests);
  return `
About **${dollars(sumOf(monthly))} USD a month** for the policy as shipped, and about ${dollars(first)} USD for a month's first million requests
through the gateway, ${dollars(first - sumOf(once))} for each further one. These are the list prices of ${AWS_PRICES_OF.region} on ${AWS_PRICES_OF.day}: other
regions have others, and what an account may use for free is not subtracted.

${table(monthly, ' a month')}

**A million requests through the gateway** add, beside what Mistral charges:

${table(millionRequests, '')}

`;
}

function table(costs: readonly Cost[], per: string): string {
  return [
    `| Service | For | Arithmetic | USD${per} |`,
    '|---|---|---|---|',
    ...costs.map(
      ({ service, what, arithmetic, cents, laterCents }) =>
        `| ${service} | ${what} | ${arithmetic} | ${centsText(cents)}${laterCents === undefined ? '' : ` (later ${centsText(laterCents)})`} |`,
    ),
    `| **sum** | | | **${centsText(sumOf(costs))}** |`,
  ].join('\n');
}

function dollars(cents: number): string {
  return (cents / 100).toFixed(0);
}
