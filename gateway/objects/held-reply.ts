import { answerOf, type Problem } from '../../governance/metering/problem.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { type Reply, send } from '../reply.js';

/** More than any answer has before its id: a whole answer is read to its end. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;

/**
 * Holds an answer back until the object that it names is recorded, so that no caller knows of one that is not its
 * own. Of a stream, these are the first events; any other answer is held whole.
 */
export class HeldReply implements Reply {
  #state: 'looking' | 'recording' | 'open' | 'refused' = 'looking';
  #head: { readonly status: number; readonly headers: string[] } | undefined;
  #isStream = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isEnded = false;

  constructor(
    private readonly reply: Reply,
    /** The member that names it. */
    private readonly member: string,
    private readonly record: (id: string) => Promise<Problem | undefined>,
    private readonly tooLong: () => Problem,
  ) {}

  get started(): boolean {
    return this.#head !== undefined || this.reply.started;
  }

  addHeader(name: string, value: string): void {
    this.reply.addHeader(name, value);
  }

  start(status: number, headers: string[]): void {
    if (status >= 300) {
      this.#state = 'open';
      this.reply.start(status, headers);
      return;
    }
    this.#head = { status, headers };
    const type = headers[headers.findIndex((one) => one.toLowerCase() === 'content-type') + 1];
    this.#isStream = type?.startsWith('text/event-stream') ?? false;
  }

  flushHead(): void {
    if (this.#state === 'open') this.reply.flushHead();
  }

  /** What is held does not stop Mistral: recording takes milliseconds. */
  write(chunk: Buffer): boolean {
    if (this.#state === 'open') return this.reply.write(chunk);
    this.#hold(chunk);
    if (this.#state === 'looking' && this.#isStream) this.#lookFor(idInEvents);
    return true;
  }

  onceDrained(listener: () => void): void {
    if (this.#state === 'open') this.reply.onceDrained(listener);
    else listener();
  }

  end(chunk?: Buffer): void {
    if (this.#state === 'open') {
      this.reply.end(chunk);
      return;
    }
    this.#isEnded = true;
    if (chunk) this.#hold(chunk);
    if (this.#state !== 'looking') return;
    this.#lookFor(this.#isStream ? idInEvents : idInJson);
    if (this.#state === 'looking') this.#open(); // it names nothing that could be used again
  }

  destroy(): void {
    this.#state = 'refused';
    this.reply.destroy();
  }

  #hold(chunk: Buffer): void {
    if (this.#state === 'refused') return;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#state === 'looking' && this.#heldBytes > MOST_HELD_BYTES)
      this.#refuse(this.tooLong());
  }

  #lookFor(idIn: (text: string, member: string) => string | undefined): void {
    const id = idIn(Buffer.concat(this.#held).toString('utf8'), this.member);
    if (id === undefined) return;
    this.#state = 'recording';
    this.record(id).then(
      (problem) => (problem ? this.#refuse(problem) : this.#open()),
      () => this.destroy(),
    );
  }

  #open(): void {
    if (this.#state === 'refused' || !this.#head) return;
    this.#state = 'open';
    this.reply.start(this.#head.status, this.#head.headers);
    for (const chunk of this.#held.splice(0)) this.reply.write(chunk);
    if (this.#isEnded) this.reply.end();
    else if (this.#isStream) this.reply.flushHead();
  }

  #refuse(problem: Problem): void {
    if (this.#state === 'refused') return;
    this.#state = 'refused';
    this.#held = [];
    send(this.reply, answerOf(problem));
  }
}

function idInJson(text: string, member: string): string | undefined {
  const parsed = parseJson(text);
  const id = isObject(parsed) ? parsed[member] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** Of events that have ended. */
function idInEvents(text: string, member: string): string | undefined {
  const events = text.split(/\r?\n\r?\n/).slice(0, -1);
  for (const line of events.flatMap((event) => event.split(/\r?\n/))) {
    const id = line.startsWith('data:') ? idInJson(line.slice('data:'.length), member) : undefined;
    if (id !== undefined) return id;
  }
  return undefined;
}
