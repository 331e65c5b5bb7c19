/** The platform's own PostgreSQL cannot be started or used; the message says what to do. */
export class EmbeddedServerError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "EmbeddedServerError";
  }
}
