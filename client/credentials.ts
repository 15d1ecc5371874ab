export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export type CredentialsProvider = () => Promise<AwsCredentials>;

/** Credentials this close to their end are asked for again, lest they end on the way. */
const RENEW_BEFORE_MS = 5 * 60_000;

/** Asks once and again shortly before what it got expires, however many ask at the same time. */
export function kept(provider: CredentialsProvider, now: () => Date): CredentialsProvider {
  let known: AwsCredentials | undefined;
  let asked: Promise<AwsCredentials> | undefined;

  function isFresh({ expiration }: AwsCredentials): boolean {
    return expiration === undefined || expiration.getTime() - now().getTime() > RENEW_BEFORE_MS;
  }

  async function ask(): Promise<AwsCredentials> {
    try {
      known = await provider();
      return known;
    } finally {
      asked = undefined;
    }
  }

  return async () => {
    if (known && isFresh(known)) return known;
    asked ??= ask();
    return asked;
  };
}
