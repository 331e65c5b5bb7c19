/** As much as a whole head. */
const mostBytes = 16_384;
/** One is common behind a body of old clients (RFC 9112 2.2); a flood of them is no request. */
const mostEmptyLines = 4;

/**
 * The first line of a message, read apart from llhttp, which takes more than one space in it, bare line feeds before it,
 * and any character in a reason (RFC 9112 3, 4 allow none of these).
 */
export class FirstLine {
  readonly #form: RegExp;
  readonly #skipsEmpty: boolean;
  #text = "";
  #done = false;
  #emptyLines = 0;

  /** `skipsEmpty`: a few empty lines before it are none of the message (RFC 9112 2.2, for requests). */
  constructor(form: RegExp, skipsEmpty: boolean) {
    this.#form = form;
    this.#skipsEmpty = skipsEmpty;
  }

  /** True when it is longer than is read. */
  get isLong(): boolean {
    return this.#text.length > mostBytes;
  }

  /** The next message begins. */
  reset(): void {
    this.#text = "";
    this.#done = false;
    this.#emptyLines = 0;
  }

  /** Takes the next bytes of a message; false when they cannot begin one. */
  accepts(chunk: Buffer): boolean {
    if (this.#done) return true;
    for (let from = 0; ;) {
      const lineFeed = chunk.indexOf(10, from);
      this.#text += chunk.toString("latin1", from, lineFeed < 0 ? chunk.length : lineFeed + 1);
      if (this.isLong) return false;
      if (lineFeed < 0) return true;
      if (!this.#skipsEmpty || this.#text !== "\r\n") break;
      this.#emptyLines += 1;
      if (this.#emptyLines > mostEmptyLines) return false;
      this.#text = "";
      from = lineFeed + 1;
    }
    this.#done = true;
    const text = this.#text;
    this.#text = "";
    return this.#form.test(text);
  }
}
