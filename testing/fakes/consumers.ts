import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import { AwsError, type AwsOperation, answerAwsJson, awsError, seconds } from './aws-json.js';
import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';

type Behaviour = 'starts' | 'never steady' | 'fails';

export interface FakeService {
  /** When each of its deployments was created. */
  readonly deployedAt: Date[];
  behaviour: Behaviour;
  /** Runs as new tasks start: then they read their secrets. */
  onStart(): void;
}

export interface FakeFunction {
  description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly updatedAt: Date[];
  behaviour: Behaviour;
  onStart(): void;
}

export type FakeConsumers = ReturnType<typeof createFakeConsumers>;

/** How long a deployment takes until it is steady. */
const STARTING_MS = 90_000;

const ServiceSchema = z.object({ cluster: z.string(), service: z.string() });
const ServicesSchema = z.object({ cluster: z.string(), services: z.array(z.string()) });
const UpdateSchema = z.object({
  Description: z.string().optional(),
  RevisionId: z.string().optional(),
});

/** ECS, Lambda's configurations and STS, as far as services are refreshed: services read their secrets at start. */
export function createFakeConsumers(now: () => Date) {
  const services = new Map<string, FakeService>();
  const functions = new Map<string, FakeFunction>();
  const assumed: string[] = [];

  function serviceOf(cluster: string, service: string): FakeService {
    const found = services.get(`${cluster}/${service}`);
    if (!found) throw new AwsError('ServiceNotFoundException', 'Service not found.');
    return found;
  }

  function described(name: string, { deployedAt, behaviour }: FakeService) {
    const createdAt = deployedAt.at(-1) ?? new Date(0);
    const isStarted = now().getTime() - createdAt.getTime() >= STARTING_MS;
    const isSteady = isStarted && behaviour === 'starts';
    const primary = {
      id: `ecs-svc/${deployedAt.length}`,
      status: 'PRIMARY',
      createdAt: seconds(createdAt),
      rolloutState: isSteady
        ? 'COMPLETED'
        : isStarted && behaviour === 'fails'
          ? 'FAILED'
          : 'IN_PROGRESS',
      rolloutStateReason: behaviour === 'fails' ? 'tasks failed to start' : undefined,
    };
    const deployments = isSteady ? [primary] : [primary, { id: 'before', status: 'ACTIVE' }];
    return { serviceName: name, status: 'ACTIVE', desiredCount: 2, runningCount: 2, deployments };
  }

  const ecs: Record<string, AwsOperation> = {
    DescribeServices(input) {
      const { cluster, services: names } = ServicesSchema.parse(input);
      const known = names.filter((name) => services.has(`${cluster}/${name}`));
      return {
        services: known.map((name) => described(name, serviceOf(cluster, name))),
        failures: names
          .filter((name) => !known.includes(name))
          .map((arn) => ({ arn, reason: 'MISSING' })),
      };
    },

    UpdateService(input) {
      const { cluster, service } = ServiceSchema.parse(input);
      const found = serviceOf(cluster, service);
      found.deployedAt.push(now());
      found.onStart();
      return { service: described(service, found) };
    },
  };

  function configuration(name: string, method: string, body: string): HttpAnswer {
    const found = functions.get(name);
    if (!found)
      return awsError(new AwsError('ResourceNotFoundException', 'Function not found', 404));
    const revision = () => `revision-${found.updatedAt.length}`;
    if (method === 'PUT') {
      const { Description, RevisionId } = UpdateSchema.parse(parseJson(body));
      if (RevisionId !== undefined && RevisionId !== revision()) {
        return awsError(
          new AwsError('PreconditionFailedException', 'The revision has changed', 412),
        );
      }
      found.description = Description ?? found.description;
      found.updatedAt.push(now());
      found.onStart();
    }
    const last = found.updatedAt.at(-1);
    const isUpdating = last !== undefined && now().getTime() - last.getTime() < 5_000;
    return jsonAnswer(200, {
      FunctionName: name,
      Description: found.description,
      Environment: { Variables: found.environment },
      LastUpdateStatus: isUpdating
        ? 'InProgress'
        : found.behaviour === 'fails'
          ? 'Failed'
          : 'Successful',
      RevisionId: revision(),
    });
  }

  return {
    services,
    functions,
    assumed: assumed as readonly string[],

    addService(name: string, onStart = () => {}): FakeService {
      const service: FakeService = { deployedAt: [], behaviour: 'starts', onStart };
      services.set(name, service);
      return service;
    },

    addFunction(name: string, environment: FakeFunction['environment'], onStart = () => {}) {
      const fn: FakeFunction = {
        description: 'Answers questions',
        environment,
        updatedAt: [],
        behaviour: 'starts',
        onStart,
      };
      functions.set(name, fn);
      return fn;
    },

    /** The name of the call and its answer; `undefined` for a call of another system. */
    route(call: HttpCall): { name: string; answer: () => Promise<HttpAnswer> } | undefined {
      const [service, operation] = call.headers['x-amz-target']?.split('.') ?? [];
      if (service?.startsWith('AmazonEC2ContainerService')) {
        return { name: `ecs ${operation}`, answer: () => answerAwsJson(call, ecs) };
      }
      const [, name] =
        /^\/2015-03-31\/functions\/([^/]+)\/configuration$/.exec(call.url.pathname) ?? [];
      if (name !== undefined) {
        const verb = call.method === 'PUT' ? 'Update' : 'Get';
        return {
          name: `lambda ${verb}FunctionConfiguration`,
          answer: async () => configuration(decodeURIComponent(name), call.method, call.body),
        };
      }
      const form = new URLSearchParams(call.body);
      if (form.get('Action') !== 'AssumeRole') return undefined;
      return {
        name: 'sts AssumeRole',
        async answer() {
          assumed.push(form.get('RoleArn') ?? '');
          const expiration = new Date(now().getTime() + 900_000).toISOString();
          const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAREFRESH</AccessKeyId><SecretAccessKey>assumed</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
          return { status: 200, headers: { 'content-type': 'text/xml' }, body };
        },
      };
    },
  };
}
