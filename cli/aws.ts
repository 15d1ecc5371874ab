import { AWS_CLIENT } from '../governance/platform/aws-client.js';
import type { CommonOptions } from './cli.js';

/** For any client of the SDK: region and profile as asked for, or as the environment has them. */
export function awsClientOptions({ region, profile }: Pick<CommonOptions, 'region' | 'profile'>) {
  return { ...AWS_CLIENT, ...(region && { region }), ...(profile && { profile }) };
}
