const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;

/** Finds only where HTTP messages end: the measurement must cost less than what is measured. */
export class HttpMessages {
  #head: Buffer = Buffer.alloc(0);
  /** Bytes of the body still to come; -1 in a head, -2 in a body that comes in chunks. */
  #missing = -1;
  #tail: Buffer = Buffer.alloc(0);
  /** The body's bytes of the current message so far. */
  bodyBytes = 0;

  /** Takes what arrived; returns how many messages it completes. */
  take(arrived: Buffer): number {
    let rest = arrived;
    let complete = 0;
    while (rest.length > 0) {
      if (this.#missing === -1) {
        const head = this.#head.length > 0 ? Buffer.concat([this.#head, rest]) : rest;
        const end = head.indexOf(HEAD_END);
        if (end < 0) {
          this.#head = head;
          return complete;
        }
        this.#head = Buffer.alloc(0);
        this.bodyBytes = 0;
        const length = CONTENT_LENGTH.exec(head.toString('latin1', 0, end));
        this.#missing = length ? Number(length[1]) : -2;
        rest = head.subarray(end + 4);
        if (this.#missing === 0) complete += this.#done();
      } else if (this.#missing === -2) {
        this.bodyBytes += rest.length;
        const tail = Buffer.concat([this.#tail, rest.subarray(-5)]).subarray(-5);
        this.#tail = tail;
        if (tail.equals(LAST_CHUNK)) complete += this.#done();
        return complete;
      } else {
        const taken = Math.min(this.#missing, rest.length);
        this.bodyBytes += taken;
        this.#missing -= taken;
        rest = rest.subarray(taken);
        if (this.#missing === 0) complete += this.#done();
      }
    }
    return complete;
  }

  #done(): number {
    this.#missing = -1;
    this.#tail = Buffer.alloc(0);
    return 1;
  }
}
