import { pino, type Logger } from "pino";

export type Log = Logger;

const redacted = ["authorization", "token", "secret", "key", "cpf", "cnpj", "documento", "nome", "password"];

/**
 * The process log: JSON lines on standard error. Callers give ids and codes only; the redaction is a second net
 * for fields that must never be there.
 */
export function createLog(level: string): Log {
  const paths = redacted.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const destination = pino.destination({ fd: 2, sync: false });
  // whoever read the log is gone: that is no reason to end
  destination.on("error", () => undefined);
  return pino({ level, base: null, redact: { paths, censor: "[redacted]" } }, destination);
}
