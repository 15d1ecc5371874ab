// What Lambda's own Node runtime puts into the global scope for functions that stream, and the
// emulator's runtime does not: the answer is collected and returned in the frame that a function
// URL takes apart again: the head as JSON, eight zero bytes, the body.
const { PassThrough } = require('node:stream');

const SEPARATOR = '\0'.repeat(8);

globalThis.awslambda = {
  streamifyResponse: (handler) => async (event, context) => {
    const chunks = [];
    const stream = new PassThrough();
    stream.on('data', (chunk) => chunks.push(chunk));
    const ended = new Promise((resolve) => stream.once('close', resolve));
    await handler(event, stream, context);
    await ended;
    return Buffer.concat(chunks).toString('utf8');
  },
  HttpResponseStream: {
    from(stream, head) {
      stream.write(`${JSON.stringify(head)}${SEPARATOR}`);
      return stream;
    },
  },
};
