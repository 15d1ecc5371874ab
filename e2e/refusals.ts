import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Cloud } from './cloud.js';
import { claim } from './report.js';
import { EXAMPLES, type Resource } from './unsupported.js';
import { until } from './waiting.js';

const isEnd = ({ ResourceStatus }: { readonly ResourceStatus: string }) =>
  ['CREATE_FAILED', 'CREATE_COMPLETE'].includes(ResourceStatus);
const EventsSchema = z.object({
  StackEvents: z.array(
    z.object({ ResourceStatus: z.string(), ResourceStatusReason: z.string().default('') }),
  ),
});
/** A refusal of the kind of resource; an example that is wrong itself is refused in other words. */
const NOT_KNOWN = /Unrecognized resource types|Unsupported resource type|is not supported/;

/** Nothing is left out that the emulator could make: a stack of each alone fails, and for that reason. */
export async function claimExamplesRefused(cloud: Cloud, folder: string): Promise<void> {
  await Promise.all(
    EXAMPLES.map(async (example, index) => {
      const reason = await refusalOf(cloud, folder, `left-out-${index}`, example);
      claim(
        NOT_KNOWN.test(reason),
        `no ${example.Type} in the emulator: make it, it is known`,
        reason,
      );
    }),
  );
}

async function refusalOf(
  { aws }: Cloud,
  folder: string,
  name: string,
  example: Resource,
): Promise<string> {
  const template = join(folder, `${name}.json`);
  writeFileSync(template, JSON.stringify({ Resources: { Example: example } }));
  const stack = ['--stack-name', name];
  try {
    await aws('cloudformation', 'create-stack', ...stack, '--template-body', `file://${template}`);
  } catch (error) {
    return String(error);
  }
  const ended = await until(
    `an end of a stack with one ${example.Type}`,
    async () => {
      const events = await aws('cloudformation', 'describe-stack-events', ...stack);
      return EventsSchema.parse(events).StackEvents;
    },
    (events) => events.some(isEnd),
    { pauseMs: 250 },
  );
  return ended.find(isEnd)?.ResourceStatusReason ?? '';
}
