import { Logger } from '@aws-lambda-powertools/logger';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireProvisionKeys } from './wiring.js';

export const handler = wireProvisionKeys({ ...lambdaRuntime(process.env), log: new Logger() });
