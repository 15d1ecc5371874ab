import { keptConnections } from '../../cli/proxy/gateway-call.js';
import { createProxyServer } from '../../cli/proxy/proxy-server.js';
import { createRequestSigner } from '../../governance/platform/request-signer.aws.js';
import { CREDENTIALS, REGION } from './bench-policy.js';
import { tellParent } from './parent.js';

/** `mistral-governance proxy` before the stub. */
const url = new URL(process.argv[2] ?? '');
const now = () => new Date();
const { server } = createProxyServer({
  gateway: {
    url,
    signer: createRequestSigner({ region: REGION, credentials: CREDENTIALS, now }),
    credentials: { forget() {} },
    agent: keptConnections(url, now),
  },
  binding: { host: '127.0.0.1', isRemoteAllowed: false },
  refused: ({ message }) => console.error(message),
});
server.listen(0, '127.0.0.1', () => tellParent(server));
