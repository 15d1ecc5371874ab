/**
 * A plaintext Mistral key in memory. Only `reveal()` returns it: printed, inspected or serialized it
 * shows nothing of the key, not even its last characters.
 */
export class ApiKey {
  readonly #plaintext: string;

  constructor(plaintext: string) {
    this.#plaintext = plaintext;
  }

  reveal(): string {
    return this.#plaintext;
  }

  toString(): string {
    return '[api key]';
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
