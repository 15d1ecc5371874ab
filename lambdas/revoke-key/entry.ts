import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireRevokeKey } from './wiring.js';

export const handler = wireRevokeKey({ ...lambdaRuntime(process.env), log: new Logger() });
