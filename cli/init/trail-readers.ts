import { type CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import { DAY_MS } from '../../governance/platform/utc-day.js';

/** Who has read secrets, newest reads first. */
export interface TrailReaders {
  /** ARNs of roles and users, by the name or the ARN of the secret as they gave it. */
  readonly bySecret: ReadonlyMap<string, ReadonlySet<string>>;
  /** The day of the oldest read that was looked at. */
  readonly since: Date;
}

const DAYS = 90;
/** CloudTrail answers two calls a second, with 50 events each. */
const PAUSE_MS = 500;
const MOST_PAGES = 400;

const EventSchema = z.object({
  requestParameters: z.object({ secretId: z.string() }),
  userIdentity: z.object({
    arn: z.string().optional(),
    sessionContext: z
      .object({ sessionIssuer: z.object({ arn: z.string() }).optional() })
      .optional(),
  }),
});

export async function trailReaders(
  client: CloudTrailClient,
  { now, sleep }: { readonly now: Date; readonly sleep: (ms: number) => Promise<unknown> },
): Promise<TrailReaders> {
  const bySecret = new Map<string, Set<string>>();
  const StartTime = new Date(now.getTime() - DAYS * DAY_MS);
  let since = StartTime;
  let NextToken: string | undefined;
  for (let page = 1; ; page += 1) {
    const { Events = [], NextToken: next } = await client.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'GetSecretValue' }],
        StartTime,
        NextToken,
      }),
    );
    for (const { CloudTrailEvent = '' } of Events) {
      const { data } = EventSchema.safeParse(parseJson(CloudTrailEvent));
      const arn = data?.userIdentity.sessionContext?.sessionIssuer?.arn ?? data?.userIdentity.arn;
      if (!data || arn === undefined) continue;
      const { secretId } = data.requestParameters;
      bySecret.set(secretId, (bySecret.get(secretId) ?? new Set()).add(arn));
    }
    NextToken = next;
    if (NextToken === undefined) return { bySecret, since };
    if (page === MOST_PAGES) {
      since = Events.at(-1)?.EventTime ?? since;
      return { bySecret, since };
    }
    await sleep(PAUSE_MS);
  }
}
