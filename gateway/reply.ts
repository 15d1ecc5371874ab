/** Where an answer goes: a socket's response, or Lambda's stream. */
export interface Reply {
  readonly started: boolean;
  /** Headers are name, value, name, value … */
  start(status: number, headers: string[]): void;
  /** Sends the head by itself, where the body is still to come. */
  flushHead(): void;
  /** `false` asks the sender to wait until the reply has drained. */
  write(chunk: Buffer): boolean;
  onceDrained(listener: () => void): void;
  end(chunk?: Buffer): void;
  /** Breaks the connection: the caller must not take what came so far for the whole. */
  destroy(): void;
}

/** What a shell knows of a request before its body. */
export interface CallHead {
  /** The IAM identity that the shell vouches for; `undefined` where it has none. */
  readonly callerArn: string | undefined;
  readonly accept: string | undefined;
}

/** What a shell may still do with a request that it handed over. */
export interface Exchange {
  /** The caller is gone: stop Mistral's work and settle what was delivered. */
  abandon(): void;
}
