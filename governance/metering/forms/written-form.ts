import type { FileHead, FormEntry } from './form-reader.js';

const LINE = '\r\n';

/** A form in our own words: nothing of it but the bytes of a file is as it was received. */
export class WrittenForm {
  readonly #boundary = `mistral-governance-${crypto.randomUUID()}`;

  get contentType(): string {
    return `multipart/form-data; boundary=${this.#boundary}`;
  }

  /** All before the bytes of the file. */
  start(entries: readonly FormEntry[], name: string, file: FileHead | undefined): Buffer {
    const parts = entries.map((entry) => this.#field(entry));
    if (file) {
      const { filename, contentType = 'application/octet-stream' } = file;
      parts.push(
        `--${this.#boundary}${LINE}content-disposition: form-data; name="${name}"; filename="${filename}"${LINE}content-type: ${contentType}${LINE}${LINE}`,
      );
    }
    return Buffer.from(parts.join(''));
  }

  /** All after it, with the fields that came after it. */
  end(file: FileHead | undefined, later: readonly FormEntry[] = []): Buffer {
    const parts = later.map((entry) => this.#field(entry)).join('');
    return Buffer.from(`${file ? LINE : ''}${parts}--${this.#boundary}--${LINE}`);
  }

  #field([name, value]: FormEntry): string {
    return `--${this.#boundary}${LINE}content-disposition: form-data; name="${name}"${LINE}${LINE}${value}${LINE}`;
  }
}
