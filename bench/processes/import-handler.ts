// Lambda's runtime provides this for functions that stream.
Object.assign(globalThis, { awslambda: { streamifyResponse: (handler: unknown) => handler } });

const [, , url = ''] = process.argv;
const { handler } = await import(url);
const readyAtMs = performance.timeOrigin + performance.now();
if (typeof handler !== 'function') throw new Error(`${url} exports no function named handler`);
// A function may continue in the background, to read data for its first event.
process.stdout.write(`${JSON.stringify({ readyAtMs })}\n`, () => process.exit());
