import { numberText } from '../../platform/wording.js';
import type { AuditReport } from './audit-report.js';
import { type Html, type HtmlValue, html } from './html.js';
import type { ReportedAccess, SecretReaders } from './report-access.js';
import { type Column, section } from './table.js';

/** Who may read which key, and who may call with which role and budget. */
export function accessTables({ access }: AuditReport): Html {
  const { readers, callers, hasGateway } = access;
  const others = html`<p class="quiet">By the secrets' own policies, as they were at this audit. They deny the value to all other principals, also where IAM allows it.</p>`;
  const gateway = hasGateway
    ? html`<p class="quiet">At the gateway, as deployed. Callers that no line names are refused.</p>`
    : html`<p class="quiet">The gateway is off: these hold for services that read a key and use the client library.</p>`;
  return html`${[
    section({
      id: 'readers',
      heading: 'Who may read each key',
      columns: READERS,
      rows: readers,
      none: html`<p>The policy has no key.</p>`,
      note: readers.every(({ isClosed }) => isClosed === true) ? others : '',
    }),
    section({
      id: 'callers',
      heading: 'Who may call, with which role and budget',
      columns: callerColumns(access),
      rows: callers,
      none: html`<p>The policy names no caller.</p>`,
      note: gateway,
    }),
  ]}`;
}

const READERS: readonly Column<SecretReaders>[] = [
  { title: 'Secret', isHeading: true, className: 'key', of: ({ secret }) => secret },
  {
    title: 'Readers of the policy',
    className: 'evidence',
    of: ({ named }) => (named.length === 0 ? 'none' : named.map(principal)),
  },
  { title: 'Others', className: 'evidence', of: othersOf },
];

function othersOf({ others, isClosed }: SecretReaders): HtmlValue {
  if (others === null) return 'not known: the policy of the secret could not be read';
  if (isClosed === false) {
    return 'every principal that IAM allows: the policy of the secret denies no reader';
  }
  if (others.length === 0) return 'none';
  // Roles of this system, and those that the CDK app granted.
  return html`<small>${others.map((arn) => html`${arn.split(':').slice(5).join(':')}<br>`)}</small>`;
}

type Caller = ReportedAccess['callers'][number];

function callerColumns(access: ReportedAccess): readonly Column<Caller>[] {
  const { roles, workspaces, currency } = access;
  return [
    {
      title: 'Caller',
      isHeading: true,
      className: 'key',
      of: (caller) =>
        html`${principal(caller.principal)}${caller.perSession ? html`<small>each session by itself</small>` : ''}`,
    },
    {
      title: 'Role',
      className: 'evidence',
      of: ({ role }) => {
        const rules = roles[role];
        if (!rules) return role;
        const { models, maxTokensPerRequest, dailyTokens } = rules;
        const daily =
          dailyTokens === 'unlimited'
            ? 'no daily limit'
            : `${numberText(dailyTokens)} tokens a day`;
        return html`${role}<small>${modelsText(models)}; ${numberText(maxTokensPerRequest)} tokens a request; ${daily}</small>`;
      },
    },
    {
      title: 'Workspace and budget',
      className: 'evidence',
      of: ({ workspace }) => {
        const found = workspaces.find(({ name }) => name === workspace);
        if (!found) return workspace;
        const budgets = Object.entries(found.budgets)
          .filter(([, amount]) => amount !== undefined)
          .map(([name, amount]) => `${amount} ${currency} ${name.replace(/(Usd|Eur)$/, '')}`);
        return html`${workspace}<small>${budgets.join(', ') || 'no budget'}; ${numberText(found.requestsPerMinute)} requests a minute</small>`;
      },
    },
  ];
}

function modelsText(models: '*' | readonly string[]): string {
  return models === '*' ? 'all models' : models.join(', ');
}

function principal(arn: string): Html {
  return html`<span class="arn">${arn}</span>`;
}
