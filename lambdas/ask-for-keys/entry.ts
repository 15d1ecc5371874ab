import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireAskForKeys } from './wiring.js';

export const handler = wireAskForKeys({ ...lambdaRuntime(process.env), log: new Logger() });
