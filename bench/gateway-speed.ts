import type { Benchmark } from './figure.js';
import { gatewayFigures } from './gateway/figures.js';

/** The gateway as a plain server, compared with a minimal proxy. */
export const benchGatewaySpeed: Benchmark = (progress) => {
  progress('a stub of Mistral, a bare proxy and the gateway, in turns');
  return gatewayFigures();
};
