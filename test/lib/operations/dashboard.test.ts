import { expect, test } from 'vitest';
import { METRICS, type MetricName } from '../../../governance/platform/metrics.js';
import type { Policy } from '../../../governance/policy/policy.js';
import { alarmsOf } from '../../support/alarms.js';
import { anOperatorPolicy, aPolicy, useTwoHundredWorkspaces } from '../../support/builders.js';
import { type Synthesized, synthesize } from '../../support/synth.js';

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly width: number;
  readonly properties: {
    readonly title?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

/** The body as CloudWatch gets it, with the logical id of a resource for what only a deploy knows. */
function bodyOf({ template }: Synthesized): string {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const parts: readonly unknown[] = dashboard?.Properties.DashboardBody['Fn::Join'][1];
  return parts.map((part) => (typeof part === 'string' ? part : idIn(part))).join('');
}

function idIn(token: unknown): string {
  const { Ref, 'Fn::GetAtt': attribute } = token as { Ref?: string; 'Fn::GetAtt'?: string[] };
  return Ref ?? attribute?.[0] ?? '';
}

function widgetsOf(policy?: Policy): readonly Widget[] {
  return JSON.parse(bodyOf(synthesize(policy))).widgets;
}

const widgets = widgetsOf();
const rows = widgets.flatMap(({ properties }) => properties.metrics ?? []);

const SEARCH = /SEARCH\('\{MistralGovernance,(\w+)\} MetricName="(\w+)"'/;

/** Each metric that is shown, with the dimension that it is requested by. */
function ours(): [MetricName, string][] {
  return rows.flatMap((row): [MetricName, string][] => {
    const [first, name, dimension] = row;
    if (first === 'MistralGovernance') return [[name as MetricName, String(dimension)]];
    const { expression = '' } = first as { expression?: string };
    const [, searchedBy, searched] = SEARCH.exec(expression) ?? [];
    return searched ? [[searched as MetricName, searchedBy ?? '']] : [];
  });
}

/** Sources: the metrics pages of Lambda, Step Functions and SQS. */
const OF_AWS: Readonly<Record<string, readonly string[]>> = {
  'AWS/Lambda': ['Errors', 'Throttles', 'Duration'],
  'AWS/States': [
    'ExecutionsStarted',
    'ExecutionsSucceeded',
    'ExecutionsFailed',
    'ExecutionsAborted',
  ],
  'AWS/SQS': ['ApproximateNumberOfMessagesVisible'],
};

test('it shows only metrics that are written', () => {
  for (const [name, dimension] of ours()) {
    expect(Object.keys(METRICS)).toContain(name);
    expect(METRICS[name].dimensions).toContain(dimension);
  }
  for (const [namespace, name] of rows) {
    if (typeof namespace !== 'string' || namespace === 'MistralGovernance') continue;
    expect(OF_AWS[namespace]).toContain(name);
  }
});

test('every row is a metric of ours, of AWS, or a search for ours', () => {
  const searches = rows.filter(([first]) => typeof first === 'object');
  for (const [search] of searches) expect(JSON.stringify(search)).toMatch(/SEARCH\(/);
  expect(ours().length).toBeGreaterThanOrEqual(searches.length);
});

test('it shows every metric that is paid for', () => {
  expect([...new Set(ours().map(([name]) => name))].sort()).toEqual(Object.keys(METRICS).sort());
});

test('it shows the state of every alarm that notifies on-call', () => {
  const notifying = alarmsOf(synthesize().template)
    .filter(({ notifiesOnCall }) => notifiesOnCall)
    .map(({ name }) => name);
  const listed = widgets.find(({ type }) => type === 'alarm')?.properties.alarms ?? [];
  expect(listed.map((arn) => arn.split(':alarm:')[1]).sort()).toEqual(notifying.sort());
  expect(listed.length).toBeLessThanOrEqual(100); // CloudWatch takes no more in one widget
});

test('it shows errors, throttles and duration of every function, and every dead-letter queue', () => {
  const { template } = synthesize();
  const functions = Object.keys(
    template.findResources('AWS::Lambda::Function', { Properties: { Architectures: ['arm64'] } }),
  );
  for (const name of OF_AWS['AWS/Lambda'] ?? []) {
    const shown = rows.filter((row) => row[1] === name).map((row) => row[3]);
    expect(shown.sort()).toEqual(functions.sort());
  }
  const queues = Object.keys(template.findResources('AWS::SQS::Queue'));
  const shown = rows.filter(([namespace]) => namespace === 'AWS/SQS').map((row) => row[3]);
  expect(shown.sort()).toEqual(queues.sort());
});

test('rows are no wider than the dashboard', () => {
  for (const { x, width } of widgets) expect(x + width).toBeLessThanOrEqual(24);
});

// Source: the quotas page of CloudWatch. What a search finds counts, shown or not.
const MOST_IN_A_GRAPH = 500;
const MOST_IN_A_DASHBOARD = 2500;

test('two hundred workspaces fit, and change nothing', () => {
  // Their stacks do not matter here.
  const policy = aPolicy((document) => useTwoHundredWorkspaces(document, () => []));
  expect(widgetsOf(policy)).toEqual(widgets);
  const found = widgets.map(({ properties }) =>
    (properties.metrics ?? []).reduce((sum, [first]) => sum + found200(first), 0),
  );
  expect(Math.max(...found)).toBeLessThan(MOST_IN_A_GRAPH);
  expect(found.reduce((sum, count) => sum + count, 0)).toBeLessThan(MOST_IN_A_DASHBOARD);
});

/** How many metrics a row finds with two hundred workspaces. */
function found200(first: unknown): number {
  if (typeof first === 'string') return 1;
  return JSON.stringify(first).includes(',workspace}') ? 201 : 30;
}

test('a policy without gateway has a dashboard without it', () => {
  const policy = aPolicy((document) => {
    document.gateway.enabled = false;
  });
  expect(JSON.stringify(widgetsOf(policy))).not.toMatch(/gateway|Latency/i);
});

test('without the Admin API it leaves out the number of keys, which only the Admin API lists', () => {
  const page = JSON.stringify(widgetsOf(anOperatorPolicy()));
  expect(page).not.toContain('KeysListed');
  expect(page).toContain('KeysManaged');
});

test('its name is free in every region', () => {
  const { template } = synthesize();
  template.hasResourceProperties('AWS::CloudWatch::Dashboard', {
    DashboardName: { 'Fn::Join': ['', ['MistralGovernance-', { Ref: 'AWS::Region' }]] },
  });
});
