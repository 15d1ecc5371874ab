import { Agent, createServer, request } from 'node:http';
import { answerParent, tellParent } from './parent.js';

/** A minimal reverse proxy with kept connections, to compare the gateway with. */
const { hostname, port } = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

const server = createServer((incoming, response) => {
  const { method, url: path, headers } = incoming;
  const outgoing = request({ agent, hostname, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
});
server.listen(0, '127.0.0.1', () => tellParent(server));

answerParent(() => {
  const { user, system } = process.cpuUsage();
  return user + system;
});
