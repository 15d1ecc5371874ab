import type { LocalDynamo } from './dynamo.js';
import type { AlertInbox } from './fakes/alert-inbox.js';
import { answerAwsJson, operationOf } from './fakes/aws-json.js';
import type { FakeConsumers } from './fakes/consumers.js';
import type { FakeEventBus } from './fakes/event-bus.js';
import type { Executions } from './fakes/executions.js';
import {
  type HttpAnswer,
  type HttpCall,
  type HttpService,
  serveHttp,
} from './fakes/http-server.js';
import { answerInvoke, type InvokedFunction, invokedName } from './fakes/lambda-invoke.js';
import type { FakeMistral } from './fakes/mistral-server.js';
import { isForS3, type ObjectStore } from './fakes/object-store.js';
import type { SecretStore } from './fakes/secret-store.js';
import type { InProcess } from './in-process.js';

/** All remote systems that the functions call. */
export interface RemoteSystems {
  readonly mistral: FakeMistral;
  readonly secrets: SecretStore;
  readonly inbox: AlertInbox;
  readonly executions: Executions;
  /** @default none: no event is put */
  readonly events?: FakeEventBus;
  /** @default none: no service is refreshed */
  readonly consumers?: FakeConsumers;
  /** @default none: no object is stored */
  readonly objects?: ObjectStore;
  /** The rotation function, for the command line. @default none: a call is not answered as Lambda does */
  readonly invoke?: InvokedFunction;
  readonly dynamo: Pick<LocalDynamo, 'answer'>;
}

/**
 * Intercepts a call: it can answer by itself, before or after the call takes effect, or without any
 * effect.
 */
export type Interceptor = (
  call: string,
  effect: () => Promise<HttpAnswer>,
) => Promise<HttpAnswer | 'no answer' | 'broken'>;

/** Where everything remote is, and how clients get there where that is not over HTTP. */
export interface Network extends Partial<Pick<InProcess, 'aws' | 'fetch'>> {
  readonly url: string;
  close(): Promise<void>;
}

/** Makes a network of the service that answers its calls. */
export type Connect = (service: HttpService) => Network | Promise<Network>;

/** One address for everything remote, so that one interceptor sees every call. */
export async function openNetwork(
  systems: RemoteSystems,
  intercept: Interceptor = (_call, effect) => effect(),
  connect: Connect = serveHttp,
): Promise<Network> {
  return connect((call) => {
    const { name, answer } = route(call, systems);
    return intercept(name, answer);
  });
}

function route(call: HttpCall, systems: RemoteSystems) {
  const ofConsumers = systems.consumers?.route(call);
  if (ofConsumers) return ofConsumers;
  const operation = operationOf(call);
  const service = call.headers['x-amz-target']?.split('.')[0] ?? '';
  if (operation !== undefined && service.startsWith('DynamoDB')) {
    return { name: `dynamodb ${operation}`, answer: () => systems.dynamo.answer(call) };
  }
  if (service === 'AWSEvents') {
    const { operations = {} } = systems.events ?? {};
    return { name: `events ${operation}`, answer: () => answerAwsJson(call, operations) };
  }
  if (operation !== undefined) {
    const system = service === 'secretsmanager' ? systems.secrets : systems.executions;
    const name = `${service === 'secretsmanager' ? service : 'states'} ${operation}`;
    return { name, answer: () => answerAwsJson(call, system.operations) };
  }
  const { invoke } = systems;
  if (invoke && invokedName(call) !== undefined) {
    return { name: 'lambda Invoke', answer: () => answerInvoke(call, invoke) };
  }
  if (call.url.pathname.startsWith('/v1/')) {
    const path = call.url.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '{id}');
    return { name: `mistral ${call.method} ${path}`, answer: () => systems.mistral.answer(call) };
  }
  const { objects } = systems;
  if (objects && isForS3(call)) {
    const { method, url } = call;
    const name = url.searchParams.has('list-type')
      ? 'ListObjectsV2'
      : `${method === 'PUT' ? 'Put' : 'Get'}Object`;
    return { name: `s3 ${name}`, answer: () => objects.answer(call) };
  }
  return { name: 'sns Publish', answer: () => systems.inbox.answer(call) };
}
