/** How connections leave this machine, as the AWS CLI reads it from the environment. */
export interface OutboundSettings {
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  readonly noProxy: string;
  /** Files with certificates to trust beside Node's own. */
  readonly caFiles: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `undefined` where Node's own way out will do. Lower case wins. @throws Error naming a wrong variable */
export function outboundSettings(env: Environment): OutboundSettings | undefined {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const httpProxy = proxyUrl('HTTP_PROXY', read('HTTP_PROXY'));
  const httpsProxy = proxyUrl('HTTPS_PROXY', read('HTTPS_PROXY'));
  const { AWS_CA_BUNDLE: bundle, NODE_EXTRA_CA_CERTS: extra } = env;
  if (!httpProxy && !httpsProxy && !bundle) return undefined;
  // Node reads the extra ones by itself, unless it is given others.
  const caFiles = bundle ? [...(extra ? [extra] : []), bundle] : [];
  return { httpProxy, httpsProxy, noProxy: read('NO_PROXY') ?? '', caFiles };
}

/** Not repeated in errors: it may hold a password. */
function proxyUrl(name: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const url = given.includes('://') ? given : `http://${given.replace(/^\/\//, '')}`;
  if (/^https?:/i.test(url) && URL.canParse(url)) return url;
  throw new Error(`${name} is not the address of a proxy, such as http://proxy.example.com:3128`);
}

/** The proxy for an address, by the rules of the AWS CLI: NO_PROXY lists domains with all below them. */
export function proxyFor(url: URL, settings: OutboundSettings): string | undefined {
  const { httpProxy, httpsProxy, noProxy } = settings;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const hosts = [host, `${host}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`];
  const isExcepted = noProxy.split(',').some((given) => {
    const name = given
      .trim()
      .replace(/^\*?\.+/, '')
      .toLowerCase();
    return name === '*' || (name !== '' && hosts.some((one) => `.${one}`.endsWith(`.${name}`)));
  });
  if (isExcepted) return undefined;
  return url.protocol === 'https:' ? httpsProxy : httpProxy;
}

const UNTRUSTED =
  /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|CERT_SIGNATURE)/;

/** Whether a certificate was not accepted: nothing was sent then. */
export function isCertificateError(code: string): boolean {
  return UNTRUSTED.test(code) || code.includes('CERT_');
}

/** What to do about a certificate that is not trusted; empty for other errors. */
export function trustHint(code: string): string {
  return UNTRUSTED.test(code)
    ? ': its certificate is signed by a CA that is not trusted here. Set AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS to a PEM file with the certificate of your proxy or private CA'
    : '';
}
