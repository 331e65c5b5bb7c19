import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions, type Server } from "node:tls";
import { errorCode } from "./error-code.ts";

/** The files of a TLS listener, PEM; `clientCa` = client certificates are asked for and held against it. */
export type TlsFiles = { cert: string; key: string; clientCa: string | undefined };

/** A file cannot be used; the message names it and what to do. */
export class TlsError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "TlsError";
  }
}

export type TlsOptions = SecureContextOptions & { requestCert: boolean; rejectUnauthorized: false; ALPNProtocols: string[] };

export type TlsMaterial = {
  /** For `tls.createServer`. A client without a certificate is let in: whether it needs one is decided per call. */
  options(): TlsOptions;
  /** When the certificate that is in use ends. */
  expiresAt(): Date;
  /** Why the newest files are not in use, in words for the operator; undefined = they are. */
  fault(): string | undefined;
  /** Gives the server each later certificate; connections that are open keep theirs. */
  keep(server: Pick<Server, "setSecureContext">): void;
  /** Looks at the files now. */
  check(): Promise<void>;
  close(): void;
};

type Loaded = { context: SecureContextOptions; expiresAt: Date };

type Watch = {
  everyMs: number;
  now(): Date;
  /** Told once of each fault of new files; the certificate before stays in use. */
  onFault(message: string): void;
  onRenewed(expiresAt: Date): void;
};

/** Reads the files (TlsError when they cannot be used) and looks at them again and again: they are replaced while it runs. */
export async function openTlsMaterial(files: TlsFiles, watch: Watch): Promise<TlsMaterial> {
  let loaded = await load(files, watch.now());
  let fault: string | undefined;
  const servers: Pick<Server, "setSecureContext">[] = [];
  const renew = (next: Loaded): void => {
    fault = undefined;
    if (isSame(loaded, next)) return;
    loaded = next;
    for (const server of servers) server.setSecureContext(next.context);
    watch.onRenewed(next.expiresAt);
  };
  const check = async (): Promise<void> => {
    try {
      renew(await load(files, watch.now(), loaded));
    } catch (error) {
      const message = error instanceof Error ? error.message : "the certificate files cannot be used";
      if (message !== fault) watch.onFault(message);
      fault = message;
    }
  };
  const timer = setInterval(() => void check(), watch.everyMs).unref();
  return {
    options: () => ({
      ...loaded.context,
      requestCert: files.clientCa !== undefined,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    }),
    expiresAt: () => loaded.expiresAt,
    fault: () => fault,
    keep: (server) => void servers.push(server),
    check,
    close: () => clearInterval(timer),
  };
}

async function load(files: TlsFiles, now: Date, before?: Loaded): Promise<Loaded> {
  const cert = await read("certificate", files.cert);
  const key = await read("key", files.key);
  const ca = files.clientCa === undefined ? undefined : await read("client CA", files.clientCa);
  const context: SecureContextOptions = { cert, key, minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }) };
  const next = { context, expiresAt: new Date(0) };
  if (before !== undefined && isSame(before, next)) return before;
  const leaf = parse(cert, files.cert);
  if (ca !== undefined) parse(ca, files.clientCa ?? "");
  try {
    createSecureContext(context);
  } catch (error) {
    throw new TlsError(
      `${files.key} is not the unencrypted PEM key of the certificate in ${files.cert}. Name the two that belong together.`,
      error,
    );
  }
  const expiresAt = new Date(leaf.validTo);
  if (expiresAt <= now)
    throw new TlsError(`The certificate in ${files.cert} ended on ${expiresAt.toISOString()}. Put a renewed one there.`);
  return { context, expiresAt };
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new TlsError(
      `The TLS ${what} ${path} cannot be read (${errorCode(error) ?? "unknown"}). Name a file that this user may read.`,
      error,
    );
  }
}

function parse(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new TlsError(`${path} does not begin with a certificate in PEM (-----BEGIN CERTIFICATE-----).`, error);
  }
}

function isSame(one: Loaded, other: Loaded): boolean {
  return one.context.cert === other.context.cert && one.context.key === other.context.key && one.context.ca === other.context.ca;
}
