import type { AddressInfo, Server } from 'node:net';

/** The address at which this child listens. */
export function tellParent(server: Server): void {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** This child's answers to its parent. */
export function answerParent(answer: (question: string) => unknown): void {
  process.on('message', async (question) => process.send?.(await answer(String(question))));
  process.on('disconnect', () => process.exit());
}
