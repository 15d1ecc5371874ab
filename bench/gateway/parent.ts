import type { AddressInfo, Server } from 'node:net';

/** The address at which this child listens. It ends with its parent, however that ends. */
export function tellParent(server: Server): void {
  process.on('disconnect', () => process.exit());
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** This child's answers to its parent. */
export function answerParent(answer: (question: string) => unknown): void {
  process.on('message', async (question) => process.send?.(await answer(String(question))));
}
