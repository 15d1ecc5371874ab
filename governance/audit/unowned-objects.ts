import type { ListedFile } from '../mistral/file-list.js';
import type { ObjectStore } from '../objects/objects.js';
import { utcDay } from '../platform/utc-day.js';
import { countText } from '../platform/wording.js';
import { GATEWAY_KEY_NAME, gatewayWorkspaces, secretName } from '../policy/planned-keys.js';
import type { Policy, Workspace } from '../policy/policy.js';
import type { KeyInUse } from './audit.js';
import { chooseProbe, rememberProbe } from './check-models.js';
import { type Finding, findingId, severityOf } from './finding.js';
import type { AuditMemory } from './finding-store.aws.js';
import type { Problems } from './problems.js';

export interface ObjectSources {
  readonly policy: Policy;
  /** Files of a workspace at Mistral, by the gateway's key for it. */
  readonly listFiles: (secretName: string) => AsyncIterable<readonly ListedFile[]>;
  readonly objects: Pick<ObjectStore, 'known'>;
}

export interface UnownedObjects {
  readonly findings: readonly Finding[];
  readonly memory: AuditMemory;
  /** Ids of workspaces of which nothing can be said. */
  readonly uncheckedWorkspaces: readonly string[];
}

/** The gateway records an owner within seconds. */
const YOUNG_MS = 3_600_000;
const MOST_NAMED = 5;
const FILES_IN_CONSOLE = 'https://console.mistral.ai/build/files';

/**
 * Files at Mistral that no caller owns: an upload whose answer was lost or whose owner could not be recorded, or one
 * that did not go through the gateway. They are listed with the gateway's own keys. Where such a key was not
 * used since yesterday, the gateway has created nothing, and a use by the audit would keep it from getting stale.
 */
export async function findUnownedObjects(
  sources: ObjectSources | undefined,
  inUse: readonly KeyInUse[],
  before: AuditMemory,
  memory: AuditMemory,
  problems: Problems,
  now: Date,
): Promise<UnownedObjects> {
  const findings: Finding[] = [];
  const uncheckedWorkspaces: string[] = [];
  let { probes } = memory;
  for (const workspace of sources ? gatewayWorkspaces(sources.policy) : []) {
    const secret = secretName(workspace.name, GATEWAY_KEY_NAME);
    const ofGateway = inUse.filter((key) => key.secretName === secret);
    const chosen = chooseProbe(ofGateway, before.probes, now);
    const counted =
      sources && chosen
        ? await problems.attempt(`files of workspace ${workspace.name} could not be listed`, () =>
            countUnowned(sources, workspace, secret, now),
          )
        : undefined;
    if (chosen) probes = rememberProbe(probes, chosen, now);
    if (!counted) uncheckedWorkspaces.push(workspace.id);
    else if (counted.count > 0) findings.push(unownedFinding(workspace, counted, now));
  }
  return { findings, memory: { ...memory, probes }, uncheckedWorkspaces };
}

interface Counted {
  readonly count: number;
  readonly oldestMs: number;
  readonly ids: readonly string[];
}

async function countUnowned(
  { listFiles, objects }: ObjectSources,
  { id: workspaceId }: Workspace,
  secret: string,
  now: Date,
): Promise<Counted> {
  let count = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  const ids: string[] = [];
  for await (const files of listFiles(secret)) {
    const old = files.filter(({ createdAtMs }) => createdAtMs < now.getTime() - YOUNG_MS);
    const known = await objects.known(
      { workspaceId, kind: 'file' },
      old.map(({ id }) => id),
    );
    for (const { id, createdAtMs } of old) {
      if (known.has(id)) continue;
      count += 1;
      oldestMs = Math.min(oldestMs, createdAtMs);
      if (ids.length < MOST_NAMED) ids.push(id);
    }
  }
  return { count, oldestMs, ids };
}

function unownedFinding(
  { name, id, team }: Workspace,
  { count, oldestMs, ids }: Counted,
  now: Date,
): Finding {
  const what = countText(count, 'file');
  const more = count > ids.length ? `, and ${count - ids.length} more` : '';
  return {
    id: findingId('unowned-object', id, 'file'),
    type: 'unowned-object',
    severity: severityOf('unowned-object'),
    subject: name,
    workspace: name,
    summary: `${what} at Mistral ${count === 1 ? 'belongs' : 'belong'} to no caller of the gateway.`,
    // Ids are Mistral's: only what looks like one is repeated.
    evidence: {
      team,
      files: `${ids.filter((one) => /^[\w-]{1,64}$/.test(one)).join(', ')}${more}`,
    },
    since: utcDay(new Date(Math.min(oldestMs, now.getTime()))),
    nextStep: `Delete the files in the Mistral console unless a service with a key of ${name} uploaded them`,
    nextCommand: FILES_IN_CONSOLE,
  };
}
