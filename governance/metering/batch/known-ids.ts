const PRIME = 0x01000193;
const LEAST_SLOTS = 1024;

/**
 * Which texts were seen before, by 63 bits of a keyed hash: a million of them take 16 MB, however long
 * they are. Two that differ are taken for the same once in ten million sets of a million.
 */
export class KnownIds {
  #slots = new Uint32Array(2 * LEAST_SLOTS);
  #count = 0;

  /** @param seed a random number: no caller can choose two ids that collide */
  constructor(private readonly seed: number) {}

  /** Whether it is new. */
  add(id: string): boolean {
    if (2 * this.#count >= this.#slots.length / 2) this.#grow();
    let one = this.seed;
    let other = ~this.seed;
    for (let at = 0; at < id.length; at += 1) {
      const code = id.charCodeAt(at);
      one = Math.imul(one ^ code, PRIME);
      other = Math.imul(other ^ code ^ (one >>> 15), 0x5bd1e995);
      other ^= other >>> 13;
    }
    const isNew = put(this.#slots, mixed(one) | 1, mixed(other ^ one)); // an empty slot is 0
    if (isNew) this.#count += 1;
    return isNew;
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#slots.length);
    for (let at = 0; at < this.#slots.length; at += 2) {
      const first = this.#slots[at] as number;
      if (first !== 0) put(larger, first, this.#slots[at + 1] as number);
    }
    this.#slots = larger;
  }
}

function put(slots: Uint32Array, first: number, second: number): boolean {
  const one = first >>> 0;
  const other = second >>> 0;
  const mask = slots.length / 2 - 1;
  let slot = other & mask;
  while (slots[2 * slot] !== 0) {
    if (slots[2 * slot] === one && slots[2 * slot + 1] === other) return false;
    slot = (slot + 1) & mask;
  }
  slots[2 * slot] = one;
  slots[2 * slot + 1] = other;
  return true;
}

function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
