import * as z from 'zod';
import { detailType, EVENT_SOURCE } from '../../governance/policy/event-names.js';
import { detailSchema, EVENT_TYPES } from '../../governance/policy/event-schemas.js';
import { PolicySchema } from '../../governance/policy/policy.js';
import { described, type JsonSchema, readFieldTexts, referencePage } from './policy-reference.js';

/** The policy's shape for editors, which complete and check `governance.yaml` with it. */
export function policyJsonSchema(): string {
  const schema = described(plainSchema(), readFieldTexts());
  return `${JSON.stringify({ title: 'mistral-governance policy', ...schema }, null, 2)}\n`;
}

/** The same for people: `docs/policy.md`. */
export function policyReference(): string {
  return referencePage(plainSchema(), readFieldTexts());
}

/** Without descriptions. */
export function plainSchema(): JsonSchema {
  return z.toJSONSchema(PolicySchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

/** What `docs/events` has: a schema of the detail of each event, by its file's name. */
export function eventJsonSchemas(): ReadonlyMap<string, string> {
  return new Map(
    EVENT_TYPES.map((type) => {
      const { $schema, ...schema } = z.toJSONSchema(detailSchema(type), {
        io: 'input',
        override: ({ jsonSchema }) => {
          if (jsonSchema.format !== undefined) delete jsonSchema.pattern; // says the same at length
        },
      });
      const description = `The detail of events with source "${EVENT_SOURCE}" and detail-type "${detailType(type)}". Fields may be added; version rises when one changes its meaning or goes.`;
      const whole = { $schema, title: detailType(type), description, ...schema };
      return [`${type}.json`, `${JSON.stringify(whole, null, 2)}\n`];
    }),
  );
}
