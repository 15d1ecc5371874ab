import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const FIELDS_FILE = join(import.meta.dirname, '../../docs/policy-fields.yaml');

/** What is said of a field besides its schema: see the head of `docs/policy-fields.yaml`. */
export interface FieldText {
  readonly is: string;
  readonly unit?: string;
  readonly limits?: string;
  readonly without?: string;
  readonly change: string;
  readonly example: string;
}

/** As zod writes it. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface PolicyField {
  /** `workspaces[].keys[].name`; `<name>` and `<id>` stand for names of the policy's own. */
  readonly path: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

export function readFieldTexts(): ReadonlyMap<string, FieldText> {
  return new Map(Object.entries(parse(readFileSync(FIELDS_FILE, 'utf8'), { merge: true })));
}

/** Where the text of a field is: a model's later prices are the same as its first ones but for their day. */
export function textPath(path: string): string {
  return path.replace(/\.changes\[\](?=\.(?!from$))/, '');
}

/** Every field, those within others after them. */
export function fieldsOf(schema: JsonSchema, under = ''): PolicyField[] {
  const { properties = {}, required = [], items, additionalProperties } = schema;
  const own = Object.entries(properties).flatMap(([name, field]) => {
    const path = within(under, name);
    return [{ path, schema: field, isRequired: required.includes(name) }, ...fieldsOf(field, path)];
  });
  const ofItems = items ? fieldsOf(items, `${under}[]`) : [];
  const named =
    typeof additionalProperties === 'object'
      ? fieldsOf(additionalProperties, ofAnyName(under))
      : [];
  return [...own, ...ofItems, ...named];
}

/** The schema with what editors show of each field. */
export function described(
  schema: JsonSchema,
  texts: ReadonlyMap<string, FieldText>,
  under = '',
): JsonSchema {
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, field]) => {
          const path = within(under, name);
          const text = texts.get(textPath(path));
          const whole = described(field, texts, path);
          return [name, text ? { description: descriptionOf(text), ...whole } : whole];
        }),
      ),
    }),
    ...(items && { items: described(items, texts, `${under}[]`) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: described(additionalProperties, texts, ofAnyName(under)),
    }),
  };
}

function within(under: string, name: string): string {
  return under === '' ? name : `${under}.${name}`;
}

function ofAnyName(record: string): string {
  return `${record}.${record === 'roles' ? '<name>' : '<id>'}`;
}

function descriptionOf({ is, unit, limits, without, change, example }: FieldText): string {
  return [
    is,
    ...(unit ? [`Unit: ${unit}.`] : []),
    ...(limits ? [`Limits: ${limits}.`] : []),
    ...(without ? [`If left out: ${without}.`] : []),
    `When it changes: ${change}`,
    `Example: ${example.includes('\n') ? `\n${example}` : example}`,
  ].join('\n\n');
}

const HEAD = `# The policy, field by field

Every field of \`governance.yaml\`: what it says, what it may be, and what changes when it does. Editors show the same
texts, from [governance.schema.json](governance.schema.json). Nothing changes before \`npx cdk deploy --all\`; the policy is
part of every function's code, so a deploy updates all functions
([decision 1](decisions/0001-policy-travels-with-the-code.md)). Plain servers and services with the client library apply
a change when they start with the new policy. \`mistral-governance policy check\` reports all that is wrong with a policy
([command line](command-line.md)). [Recipes](policy-recipes.md) show what common situations need.

In the headings, \`[]\` stands for each entry of a list, \`<name>\` and \`<id>\` for names that you choose.

<!-- Written by npm run schema from governance/policy and docs/policy-fields.yaml: change those. -->
`;

/** `docs/policy.md`. */
export function referencePage(schema: JsonSchema, texts: ReadonlyMap<string, FieldText>): string {
  const sections = fieldsOf(schema)
    .filter(({ path }) => textPath(path) === path)
    .map((field) => section(field, texts.get(field.path)));
  return [HEAD, ...sections].join('\n');
}

function section({ path, schema, isRequired }: PolicyField, text: FieldText | undefined): string {
  if (text === undefined) throw new Error(`docs/policy-fields.yaml does not say what ${path} is`);
  const { is, unit, limits, without, change, example } = text;
  const isTop = !/[.[]/.test(path);
  return [
    `${isTop ? '##' : '###'} \`${path}\`\n\n${is}\n`,
    `- **Value:** ${valueText(schema)}${unit ? `; ${unit}` : ''}`,
    `- **Default:** ${isRequired ? 'none, it is required' : defaultText(schema, without)}`,
    ...(limits ? [`- **Limits:** ${limits}`] : []),
    `- **When it changes:** ${change}`,
    `\n\`\`\`yaml\n${example}\n\`\`\`\n`,
  ].join('\n');
}

function defaultText(schema: JsonSchema, without: string | undefined): string {
  if (without !== undefined) return `none. Left out: ${without}`;
  const { default: value } = schema;
  const fields = Object.values(schema.properties ?? {});
  if (fields.some((field) => field.default !== undefined)) return 'those of its fields';
  return value === '' ? 'an empty text' : `\`${JSON.stringify(value)}\``;
}

function valueText(schema: JsonSchema): string {
  const { type, anyOf, items, properties } = schema;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return alternatives(schema.enum.map((value) => `\`${value}\``));
  if (anyOf) return anyOf.map(valueText).join(', or ');
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'string')
    return `text${boundsText(schema.minLength, schema.maxLength, ' characters')}`;
  if (type === 'array') {
    const what = items?.properties ? 'sets of fields' : 'values';
    const of = items?.enum ? `, each ${valueText(items)}` : '';
    return `a list of ${what}${sizeText(schema)}${of}`;
  }
  if (type === 'object')
    return properties ? 'a set of fields' : 'sets of fields, each under its name';
  return numberText(schema);
}

function sizeText({ minItems, maxItems }: JsonSchema): string {
  return minItems === 1 && maxItems === undefined
    ? ', not empty'
    : boundsText(minItems, maxItems, ' entries');
}

function alternatives(values: readonly string[]): string {
  return values.length > 2 ? `one of ${values.join(', ')}` : values.join(' or ');
}

function numberText({ type, minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const isWhole = type === 'integer';
  const kind = isWhole ? 'a whole number' : 'a number';
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum === undefined || isWhole) {
    return kind + boundsText(minimum ?? (exclusiveMinimum === 0 ? 1 : undefined), most);
  }
  return `${kind}, more than ${exclusiveMinimum}${most === undefined ? '' : `, at most ${most}`}`;
}

function boundsText(least: number | undefined, most: number | undefined, of = ''): string {
  if (least === undefined) return most === undefined ? '' : `, at most ${most}${of}`;
  return most === undefined ? `, at least ${least}${of}` : `, ${least} to ${most}${of}`;
}
