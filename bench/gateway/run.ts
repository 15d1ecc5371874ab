import { gatewayFigures } from './figures.js';

/** `npx tsx bench/gateway/run.ts`: the gateway's figures alone. */
for (const { name, value, unit, aim, holds } of await gatewayFigures()) {
  console.log(
    `${holds ? ' ' : '!'} ${name.padEnd(48)} ${value.toFixed(2).padStart(10)} ${unit} ${aim}`,
  );
}
