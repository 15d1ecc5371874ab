import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isObject, parseJson } from '../../governance/platform/json.js';

const CHECK_MS = 15_000;

/** Who the gateway says that the caller is. */
export interface Standing {
  readonly caller?: string;
  readonly role?: string;
  readonly workspace?: string;
  /** Why requests will be refused. */
  readonly problem?: string;
}

/** Through the proxy itself, so that everything on the way is tried before a client does. */
export function askStanding({ port, address }: AddressInfo): Promise<Standing> {
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/v1/governance/me', timeout: CHECK_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('error', () => resolve({}));
      answer.on('end', () => resolve(standingIn(answer.statusCode ?? 0, text)));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve({}));
  });
}

function standingIn(status: number, text: string): Standing {
  const answer = parseJson(text);
  if (!isObject(answer)) return {};
  const { caller, role, workspace, message, code } = answer;
  if (status === 200)
    return { caller: String(caller), role: String(role), workspace: String(workspace) };
  // A gateway of an earlier version does not know the question.
  if (code === 'endpoint_not_allowed' || typeof message !== 'string') return {};
  const hint = code === 'unknown_caller' ? "; add the role to the policy's callers and deploy" : '';
  return { problem: message + hint };
}
