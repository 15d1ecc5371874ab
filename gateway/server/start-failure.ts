/** Why the server did not start, in one line: what is wrong, and what to do. */
export function startFailure(error: unknown, { host, port }: Address): string {
  const { code = '', name = '', message = String(error) } = error as NodeJS.ErrnoException;
  const known = LISTENING[code]?.(host, port);
  if (known !== undefined) return known;
  if (/^region is missing/i.test(message)) return 'no AWS region: set AWS_REGION';
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return `no AWS credentials: sign in, or set AWS_PROFILE (${inOneLine(message)})`;
  }
  return inOneLine(message);
}

interface Address {
  readonly host: string;
  readonly port: number;
}

const LISTENING: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `port ${port} of ${host} is in use: stop what listens there, or choose another --port`,
  EACCES: (_host, port) => `port ${port} needs privileges: choose a --port from 1024 on`,
  EADDRNOTAVAIL: (host) => `--host ${host} is not an address of this machine`,
  ENOTFOUND: (host) => `--host ${host} is not an address of this machine`,
};

/** A list below a heading becomes a sentence. */
function inOneLine(message: string): string {
  return message.replaceAll(/:\s*\n\s*/g, ': ').replaceAll(/\s*\n\s*/g, '; ');
}
