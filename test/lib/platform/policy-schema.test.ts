import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { PolicySchema } from '../../../governance/policy/policy.js';
import { fieldsOf, readFieldTexts, textPath } from '../../../lib/platform/policy-reference.js';
import {
  plainSchema,
  policyJsonSchema,
  policyReference,
} from '../../../lib/platform/policy-schema.js';

const committed = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8');

test('the schema that editors use is the one the policy is checked with: else npm run schema', () => {
  expect(committed('governance.schema.json')).toBe(policyJsonSchema());
});

test('the reference of the policy is of the schema that it is checked with: else npm run schema', () => {
  expect(committed('policy.md')).toBe(policyReference());
});

test('a field with a default may be left out', () => {
  const { required, properties } = JSON.parse(policyJsonSchema());
  expect(required).toEqual(['workspaces']);
  expect(properties.rotation.properties.quietDays.default).toBe(1);
});

describe('what is said of each field', () => {
  const fields = fieldsOf(plainSchema());
  const texts = readFieldTexts();

  test('no field lacks its text, and no text its field', () => {
    expect(fields.length).toBeGreaterThan(90);
    const paths = new Set(fields.map(({ path }) => textPath(path)));
    expect([...texts.keys()].sort()).toEqual([...paths].sort());
  });

  test('editors show every field with a description', () => {
    const shown = fieldsOf(JSON.parse(policyJsonSchema()));
    expect(shown.map(({ path }) => path)).toEqual(fields.map(({ path }) => path));
    expect(shown.filter(({ schema }) => !schema.description).map(({ path }) => path)).toEqual([]);
  });

  test.each(fields.filter(({ path }) => texts.has(path)))(
    '$path has a unit if it is a number, and a default or what holds without',
    ({ path, schema, isRequired }) => {
      const text = texts.get(path);
      for (const part of [text?.is, text?.change]) expect(part).toMatch(/^[A-Z`].*\.$/);
      const kinds = [schema, schema.items, ...(schema.anyOf ?? [])].map((one) => one?.type);
      const isNumber = kinds.includes('number') || kinds.includes('integer');
      expect(text?.unit !== undefined).toBe(isNumber);
      const hasDefault = isRequired || schema.default !== undefined;
      expect(text?.without !== undefined).toBe(!hasDefault);
    },
  );

  test.each(fields)('the example of $path is one', ({ path }) => {
    const example = parse(texts.get(textPath(path))?.example ?? '');
    const name = /[^.]+$/.exec(path)?.[0] ?? '';
    expect(Object.keys(example)).toEqual([name]);
    expect(schemaAt(path).safeParse(example[name]).error).toBeUndefined();
  });
});

/** The schema of a field, for one value of it. */
function schemaAt(path: string): z.ZodType {
  return path.split(/\.|(?=\[)/).reduce<z.ZodType>((outer, step) => {
    const schema = unwrapped(outer);
    if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
    if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
    if (schema instanceof z.ZodObject) return schema.shape[step] as z.ZodType;
    throw new Error(`${path}: ${step} is of no schema`);
  }, PolicySchema);
}

function unwrapped(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional
    ? unwrapped(schema.unwrap() as z.ZodType)
    : schema;
}
