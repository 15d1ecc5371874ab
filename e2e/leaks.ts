import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { paginateGetExecutionHistory, paginateListExecutions } from '@aws-sdk/client-sfn';
import { keptEvidence } from './evidence.js';
import { claim } from './report.js';
import type { Scene } from './scene.js';

/** Looks for every key there ever was in all that was logged, stored, told or recorded. */
export async function claimNoLeaks(scene: Scene, folder: string): Promise<void> {
  const { mistral, alerts, shell } = scene;
  const plaintexts = [...mistral.fake.keys.made.map((key) => key.plaintext), mistral.adminKey];
  const places = {
    'the log of emulator and functions': readFileSync(join(folder, 'ministack.log'), 'utf8'),
    'the tables': await tables(scene),
    'the histories of retirements': await histories(scene),
    'the alerts': JSON.stringify(alerts),
    'the evidence of the audits': await keptEvidence(scene, folder),
    'what commands of users left behind': readdirSync(shell.folder)
      .map((file) => readFileSync(join(shell.folder, file), 'utf8'))
      .join('\n'),
  };
  for (const [place, text] of Object.entries(places)) {
    claim(text.length > 100, `something to read in ${place}`);
    claim(!plaintexts.some((key) => text.includes(key)), `no key in ${place}`);
  }
}

async function tables({ cloud }: Scene): Promise<string> {
  const { TableNames: names = [] } = await cloud.dynamo.send(new ListTablesCommand({}));
  const items: unknown[] = [];
  for (const TableName of names) {
    for await (const { Items = [] } of paginateScan({ client: cloud.dynamo }, { TableName })) {
      items.push(...Items);
    }
  }
  return JSON.stringify(items);
}

async function histories({ cloud, outputs }: Scene): Promise<string> {
  const client = cloud.stepFunctions;
  const stateMachineArn = outputs.RetirementStateMachineArn;
  const events: unknown[] = [];
  for await (const { executions = [] } of paginateListExecutions({ client }, { stateMachineArn })) {
    for (const { executionArn } of executions) {
      for await (const page of paginateGetExecutionHistory({ client }, { executionArn })) {
        events.push(...(page.events ?? []));
      }
    }
  }
  return JSON.stringify(events);
}
