import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireConfirmRevocation } from './wiring.js';

export const handler = wireConfirmRevocation(lambdaRuntime(process.env));
