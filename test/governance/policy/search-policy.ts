/** A complete policy of an organization that is not the shipped example's, for tests of messages. */
export const SEARCH_POLICY = `mistral:
  adminKeySecret: mistral/admin-api-key

workspaces:
  - name: search
    id: 3c7d5a10-8f42-4a6e-b1f5-0f6f2d9e4c01
    ownerUserId: 5b1e9f77-2a0c-4d38-9c64-7e8f0a1b2c03
    team: search
    models: [mistral-small-latest, mistral-embed]
    requestsPerMinute: 600
    budgets: { dailyUsd: 200, monthlyUsd: 4000 }
    keys:
      - name: index-builder
        readers:
          - arn:aws:iam::305611427893:role/index-builder

  - name: assistants
    id: 3c7d5a10-8f42-4a6e-b1f5-0f6f2d9e4c02
    ownerUserId: 5b1e9f77-2a0c-4d38-9c64-7e8f0a1b2c03
    team: assistants
    models: '*'
    requestsPerMinute: 120
    budgets:
      monthlyUsd: 900

roles:
  engineer:
    models: [mistral-small-latest, codestral-latest]
    maxTokensPerRequest: 8000
    dailyTokens: 2000000

callers:
  - principal: arn:aws:iam::305611427893:role/engineer
    role: engineer
    workspace: search
  - principal: arn:aws:iam::305611427893:role/chat-*
    role: engineer
    workspace: assistants

gateway:
  enabled: true

alerts:
  runbookUrl: https://wiki.northwind.io/mistral
  subscriptions:
    - protocol: email
      endpoint: platform-on-call@northwind.io
`;
