import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireRefreshConsumers } from './wiring.js';

export const handler = wireRefreshConsumers({ ...lambdaRuntime(process.env), log: new Logger() });
