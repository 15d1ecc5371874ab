const [, , url = ''] = process.argv;
const { handler } = await import(url);
const readyAtMs = performance.timeOrigin + performance.now();
if (typeof handler !== 'function') throw new Error(`${url} exports no function named handler`);
console.log(JSON.stringify({ readyAtMs }));
