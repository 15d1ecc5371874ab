import type { Benchmark } from './figure.js';
import { gatewayFigures } from './gateway/figures.js';

/** The gateway as a plain server, beside the least that a proxy can be. */
export const benchGatewaySpeed: Benchmark = (progress) => {
  progress('a stub of Mistral, a bare proxy and the gateway, in turns');
  return gatewayFigures();
};
