import { Mistral } from '@mistralai/mistralai';
import {
  createGovernedMistral,
  createSignedHttpClient,
  GovernanceRefusedError,
  GovernanceUnavailableError,
  type GovernedMistral,
  isGovernanceError,
} from 'mistral-governance/client';

/** A service's code, only compiled. */
export async function holdsItsOwnKey(): Promise<string> {
  const mistral: GovernedMistral = await createGovernedMistral({
    secretId: 'mistral/prod-workspace/search-service-key',
    policy: 'governance.yaml',
    quotaTableName: 'quotas',
    role: 'developer',
    workspace: 'prod-workspace',
    service: 'search',
    closeAtProcessEnd: true,
    sdk: { retryConfig: { strategy: 'none' } },
  });
  try {
    const answer = await mistral.chat.complete({
      model: 'mistral-small-latest',
      messages: [{ role: 'user', content: 'Hello' }],
    });
    return String(answer.choices[0]?.message?.content);
  } catch (error) {
    if (error instanceof GovernanceRefusedError) {
      const until: Date | undefined = error.resetsAt;
      return `${error.code} of ${error.quota?.scope} until ${until?.toISOString()}`;
    }
    if (error instanceof GovernanceUnavailableError) return `${error.retryAfterSeconds} s`;
    if (isGovernanceError(error)) return error.message;
    throw error;
  } finally {
    await mistral.close();
  }
}

export function holdsNoKey(serverURL: string): Mistral {
  return new Mistral({ serverURL, httpClient: createSignedHttpClient({ region: 'eu-west-1' }) });
}

const BASE = { secretId: 's', policy: 'p', quotaTableName: 't' };
const CALLER = { ...BASE, caller: 'arn:aws:sts::111122223333:assumed-role/search/x' };

export const rejected = () => [
  // @ts-expect-error neither a caller nor a role with its workspace
  createGovernedMistral({ ...BASE, role: 'developer' }),
  // @ts-expect-error the key is not the service's to set
  createGovernedMistral({ ...CALLER, sdk: { apiKey: 'k' } }),
  // @ts-expect-error no such choice
  createGovernedMistral({ ...CALLER, unmetered: 'maybe' }),
  // @ts-expect-error the client does not accept a key
  createSignedHttpClient({ apiKey: 'k' }),
];
