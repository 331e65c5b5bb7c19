/** A key that rows of the database need is missing or is another one; the message names it and what to do. */
export class KeyringError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "KeyringError";
  }
}
