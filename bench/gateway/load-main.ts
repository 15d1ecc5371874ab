import { createServer } from 'node:net';
import { applyLoad } from './load.js';
import { answerParent, tellParent } from './parent.js';

/** The load generator in its own process: gets a URL and the load to send there. */
answerParent(async (question) => {
  const { url, load } = JSON.parse(question);
  return applyLoad(url, load);
});
const idle = createServer().listen(0, '127.0.0.1', () => tellParent(idle));
