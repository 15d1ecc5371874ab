import type { AlertPlace } from '../../governance/alerts/render-alert.js';

export const RUNBOOK = 'https://example.com/runbook.md';

/** A deployment in the only environment that there is. */
export const HERE: AlertPlace = {
  origin: { account: '111122223333', region: 'eu-west-1', stack: 'MistralGovernance' },
  runbookUrl: RUNBOOK,
};

/** What each e-mail says of it. */
export const HERE_TEXT = 'Account 111122223333, region eu-west-1, stack MistralGovernance.';

/** One of several environments, in an account with an alias. */
export const THERE: AlertPlace = {
  origin: {
    account: '444455556666',
    accountAlias: 'search-production',
    region: 'us-east-2',
    stack: 'MistralGovernance-production',
    environment: 'production',
  },
  runbookUrl: RUNBOOK,
  subjectPrefix: '[{environment} {region}]',
};
