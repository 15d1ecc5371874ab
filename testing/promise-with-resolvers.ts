// The interpreter calls Node 22's Promise.withResolvers; Node 20 runs the rest of it.
if (!('withResolvers' in Promise)) Object.assign(Promise, { withResolvers });

function withResolvers() {
  let resolve: (value: unknown) => void = () => {};
  let reject: (reason?: unknown) => void = () => {};
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

export {};
