import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireVerifyDeletion } from './wiring.js';

export const handler = wireVerifyDeletion({ ...lambdaRuntime(process.env), log: new Logger() });
