import { createServer, type ServerResponse } from 'node:http';
import { type KnownKeys, type SignedCall, whatIsWrong } from '../../testing/fakes/signatures.js';
import { listen } from './gateway-world.js';

export { type KnownKeys, type SignedCall, whatIsWrong };

export interface FunctionUrl {
  readonly url: string;
  readonly accepted: SignedCall[];
  /** Why calls were rejected. */
  readonly refused: string[];
}

/**
 * A function URL with IAM authentication: it accepts requests signed according to AWS's documentation,
 * verified only with Node's own crypto.
 */
export async function functionUrl(
  knownKeys: KnownKeys,
  answer: (response: ServerResponse, call: SignedCall) => void,
  now: () => Date,
): Promise<FunctionUrl> {
  const accepted: SignedCall[] = [];
  const refused: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { url = '/', method = '', headers } = request;
    const call = { url, method, headers, body: Buffer.concat(chunks) };
    const wrong = whatIsWrong(call, knownKeys, now());
    if (wrong === undefined) {
      accepted.push(call);
      answer(response, call);
      return;
    }
    refused.push(wrong);
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end('{"Message":"Forbidden"}');
  });
  return { url: await listen(server), accepted, refused };
}
