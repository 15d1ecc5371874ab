import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireRollBackKey } from './wiring.js';

export const handler = wireRollBackKey({ ...lambdaRuntime(process.env), log: new Logger() });
