import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireRequestKeys } from './wiring.js';

export const handler = wireRequestKeys({ ...lambdaRuntime(process.env), log: new Logger() });
