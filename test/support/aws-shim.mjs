// `aws <service> <operation> --<parameter> <value> …` as the AWS CLI calls it, for the services of AWS's JSON
// protocols that have a local stand-in. Nothing is checked here but that the stand-in takes it.
const SERVICES = {
  secretsmanager: { target: 'secretsmanager', isCapital: true },
  stepfunctions: { target: 'AWSStepFunctions', isCapital: false },
};
/** The one query whose result a command uses. */
const VERSIONS_WITH = /^Versions\[\?contains\(VersionStages, '(\w+)'\)\]\.VersionId$/;

const [endpoint = '', service = '', operation = '', ...words] = process.argv.slice(2);
const { target, isCapital } = SERVICES[service] ?? {};
if (target === undefined) fail(`no stand-in for ${service}`);

const given = {};
for (let at = 0; at < words.length; at += 1) {
  const name = words[at]?.replace(/^--/, '') ?? '';
  const next = words[at + 1];
  const isFlag = next === undefined || next.startsWith('--');
  given[name] = isFlag ? true : /^\d+$/.test(next) ? Number(next) : next;
  if (!isFlag) at += 1;
}
const { query, output: _, ...parameters } = given;
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
const answer = await response.json();
if (!response.ok) fail(`An error occurred (${answer.__type}): ${answer.message}`);
const label = VERSIONS_WITH.exec(query ?? '')?.[1];
const versions =
  label && answer.Versions.filter(({ VersionStages }) => VersionStages.includes(label));
process.stdout.write(
  versions ? versions.map(({ VersionId }) => VersionId).join('\t') : JSON.stringify(answer),
);

function camel(name) {
  return name.replace(/-(\w)/g, (_match, letter) => letter.toUpperCase());
}

function pascal(name) {
  const text = camel(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(254);
}
