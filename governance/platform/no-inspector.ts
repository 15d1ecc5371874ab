/**
 * To be imported first, for its effect: Node opens its inspector on SIGUSR1, and any process that connects to
 * it reads the keys that are in memory.
 */
process.on('SIGUSR1', () => {});
