import * as z from 'zod';

/**
 * `aws <service> <operation> --<parameter> <value> …` as the AWS CLI calls it, for the services of AWS's JSON
 * protocols that have a local stand-in. Nothing is checked here but that the stand-in takes it.
 */
const SERVICES: Readonly<Record<string, { target: string; isCapital: boolean }>> = {
  secretsmanager: { target: 'secretsmanager', isCapital: true },
  stepfunctions: { target: 'AWSStepFunctions', isCapital: false },
};
/** The one query whose result a command uses. */
const VERSIONS_WITH = /^Versions\[\?contains\(VersionStages, '(\w+)'\)\]\.VersionId$/;

const AnswerSchema = z.looseObject({
  __type: z.string().optional(),
  message: z.string().optional(),
  Versions: z
    .array(z.object({ VersionId: z.string(), VersionStages: z.array(z.string()) }))
    .optional(),
});

export interface Ended {
  readonly status: number;
  /** On stdout, or on stderr after a failure. */
  readonly text: string;
}

export async function awsCommand(endpoint: string, args: readonly string[]): Promise<Ended> {
  const [service = '', operation = '', ...words] = args;
  const { target, isCapital } = SERVICES[service] ?? {};
  if (target === undefined) return failed(`no stand-in for ${service}`);

  const { query, output: _output, region: _region, ...parameters } = parametersOf(words);
  const body = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      isCapital ? pascal(name) : camel(name),
      value,
    ]),
  );
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${target}.${pascal(operation)}`,
    },
    body: JSON.stringify(body),
  });
  const answer = AnswerSchema.parse(await response.json());
  if (!response.ok) return failed(`An error occurred (${answer.__type}): ${answer.message}`);
  const label = VERSIONS_WITH.exec(String(query))?.[1];
  if (label === undefined) return { status: 0, text: JSON.stringify(answer) };
  const labelled = (answer.Versions ?? []).filter(({ VersionStages }) =>
    VersionStages.includes(label),
  );
  return { status: 0, text: labelled.map(({ VersionId }) => VersionId).join('\t') };
}

function parametersOf(words: readonly string[]): Record<string, string | number | true> {
  const given: Record<string, string | number | true> = {};
  for (let at = 0; at < words.length; at += 1) {
    const name = words[at]?.replace(/^--/, '') ?? '';
    const next = words[at + 1];
    const isFlag = next === undefined || next.startsWith('--');
    given[name] = isFlag ? true : /^\d+$/.test(next) ? Number(next) : next;
    if (!isFlag) at += 1;
  }
  return given;
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_match, letter) => letter.toUpperCase());
}

function pascal(name: string): string {
  const text = camel(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function failed(text: string): Ended {
  return { status: 254, text };
}
