import type { AddressInfo, Server } from 'node:net';

/** Where this child listens. */
export function tellParent(server: Server): void {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** What this child answers when asked. */
export function answerParent(answer: (question: string) => unknown): void {
  process.on('message', async (question) => process.send?.(await answer(String(question))));
  process.on('disconnect', () => process.exit());
}
