import { Logger } from '@aws-lambda-powertools/logger';
import { answeringStack } from '../../governance/platform/stack-answer.js';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireProvideSecret } from './wiring.js';

const log = new Logger();
const provide = wireProvideSecret({ ...lambdaRuntime(process.env), log });

export const handler = answeringStack(log, async (event) => (await provide(event)).arn);
