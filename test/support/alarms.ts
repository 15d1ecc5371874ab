import type { Template } from 'aws-cdk-lib/assertions';

export interface AlarmResource {
  readonly logicalId: string;
  readonly name: string;
  readonly description: string;
  /** What the description ends with. */
  readonly heading: string;
  readonly notifiesOnCall: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Every alarm of a template, those that are made of other alarms included. */
export function alarmsOf(template: Template): AlarmResource[] {
  const found = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
    Object.entries(template.findResources(type)),
  );
  return found.map(([logicalId, { Properties }]) => ({
    logicalId,
    name: Properties.AlarmName,
    description: Properties.AlarmDescription,
    heading: Properties.AlarmDescription.split('runbook.md#')[1] ?? '',
    notifiesOnCall: Properties.AlarmActions !== undefined,
    properties: Properties,
  }));
}
