/** What of `process` is listened to. */
export interface EndingProcess {
  readonly pid: number;
  once(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  listenerCount(event: string): number;
  kill(pid: number, signal: string): unknown;
}

/**
 * Closes when the process is told to end, or has nothing left to do. Gives back what undoes it.
 * A process that listens to SIGTERM by itself goes on deciding when to end.
 */
export function closeAtEnd(ending: EndingProcess, close: () => Promise<void>): () => void {
  async function onTerminate(): Promise<void> {
    const isLast = ending.listenerCount('SIGTERM') === 0;
    await close();
    // Whoever listens to the signal takes away that it ends the process.
    if (isLast) ending.kill(ending.pid, 'SIGTERM');
  }
  const terminate = () => void onTerminate();
  const exit = () => void close();
  ending.once('SIGTERM', terminate);
  ending.once('beforeExit', exit);
  return () => {
    ending.off('SIGTERM', terminate);
    ending.off('beforeExit', exit);
  };
}
