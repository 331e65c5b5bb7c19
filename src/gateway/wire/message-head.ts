const notPlain = /[^\t\x20-\x7e]/;

/** Headers in the order they came, name and value in turn, as latin1 text. */
export class MessageHead {
  target = "";
  readonly headers: string[] = [];
  bytes = 0;
  /** False when a value holds what RFC 9110 5.5 does not allow: a control character, or bytes beyond ASCII. */
  isPlain = true;

  addTarget(text: string): void {
    this.target += text;
    this.bytes += text.length;
  }

  /** A name, or the rest of one that the end of a chunk has cut. */
  addName(text: string): void {
    this.bytes += text.length;
    const last = this.headers.length - 1;
    if (last % 2 === 0) this.headers[last] += text;
    else this.headers.push(text);
  }

  /** A value, or the rest of one. */
  addValue(text: string): void {
    this.bytes += text.length;
    if (notPlain.test(text)) this.isPlain = false;
    const last = this.headers.length - 1;
    if (last % 2 === 0) this.headers.push(text);
    else this.headers[last] += text;
  }

  /** Drops the white space behind values, which is none of them (RFC 9110 5.5); llhttp leaves it. */
  trimValues(): void {
    for (let i = 1; i < this.headers.length; i += 2) {
      const value = this.headers[i] ?? "";
      const last = value.charCodeAt(value.length - 1);
      if (last === 0x20 || last === 0x09) this.headers[i] = value.trimEnd();
    }
  }

  /** Whether the name under way is this one, given in lower case. */
  lastNameIs(name: string): boolean {
    const last = this.headers.at(-1);
    return last !== undefined && last.length === name.length && last.toLowerCase() === name;
  }

  /** One length or one coding, `chunked`, or neither: every other framing is read differently by different readers (RFC 9112 6.3). */
  isFramedOnce(): boolean {
    let framings = 0;
    for (let i = 0; i < this.headers.length; i += 2) {
      const name = this.headers[i]?.toLowerCase();
      if (name === "transfer-encoding" && this.headers[i + 1]?.toLowerCase() !== "chunked") return false;
      if (name === "transfer-encoding" || name === "content-length") framings += 1;
    }
    return framings <= 1;
  }

  /** Whether the framing headers say that a body follows (RFC 9112 6). */
  announcesBody(): boolean {
    for (let i = 0; i < this.headers.length; i += 2) {
      const name = this.headers[i]?.toLowerCase();
      if (name === "transfer-encoding" || (name === "content-length" && this.headers[i + 1] !== "0")) return true;
    }
    return false;
  }
}
