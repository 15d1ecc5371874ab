import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireVerifyRetirement } from './wiring.js';

export const handler = wireVerifyRetirement({ ...lambdaRuntime(process.env), log: new Logger() });
