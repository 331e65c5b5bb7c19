import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate, type TestCertificate } from "../../test/helpers/certificate.ts";
import { openTlsMaterial, type TlsFiles } from "./tls-material.ts";

async function filesOf(of: TestCertificate): Promise<TlsFiles & { put(next: Partial<TestCertificate>): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "tls-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const files = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem"), clientCa: undefined };
  const put = async ({ cert, key }: Partial<TestCertificate>): Promise<void> => {
    if (cert !== undefined) await writeFile(files.cert, cert);
    if (key !== undefined) await writeFile(files.key, key);
  };
  await put(of);
  return { ...files, put };
}

function watch() {
  const told: string[] = [];
  const onFault = (message: string) => void told.push(message);
  return { told, with: { everyMs: 3_600_000, now: () => new Date(), onFault, onRenewed: () => void told.push("renewed") } };
}

test("a start with files that cannot be used says which and what to do", async () => {
  const [one, other] = [makeCertificate({ name: "a" }), makeCertificate({ name: "b" })];
  const files = await filesOf({ ...one, key: other.key });
  await expect(openTlsMaterial(files, watch().with)).rejects.toThrow(/key\.pem is not the unencrypted PEM key of the certificate/);
  await files.put({ cert: "no certificate" });
  await expect(openTlsMaterial(files, watch().with)).rejects.toThrow(/cert\.pem does not begin with a certificate/);
  await files.put(makeCertificate({ name: "old", to: new Date(Date.now() - 1000) }));
  await expect(openTlsMaterial(files, watch().with)).rejects.toThrow(/ended on .* Put a renewed one there/);
  await expect(openTlsMaterial({ ...files, key: "/nowhere/key.pem" }, watch().with)).rejects.toThrow(
    /\/nowhere\/key\.pem cannot be read \(ENOENT\)/,
  );
  await files.put(one);
  await expect(openTlsMaterial({ ...files, clientCa: files.key }, watch().with)).rejects.toThrow(/does not begin with a certificate/);
});

test("new files come into use; broken ones are told once and leave the old certificate in use", async () => {
  const [one, other] = [makeCertificate({ name: "a" }), makeCertificate({ name: "b", to: new Date("2099-01-01T00:00:00Z") })];
  const files = await filesOf(one);
  const { told, with: watching } = watch();
  const material = await openTlsMaterial(files, watching);
  const contexts: unknown[] = [];
  material.keep({ setSecureContext: (context) => void contexts.push(context.cert) });
  await material.check();
  expect([told, contexts]).toEqual([[], []]);
  // half of a renewal
  await files.put({ cert: other.cert });
  await material.check();
  await material.check();
  expect(told).toHaveLength(1);
  expect(material.fault()).toBe(told[0]);
  expect(material.options().cert).toBe(one.cert);
  await files.put({ key: other.key });
  await material.check();
  expect([told[1], contexts, material.fault()]).toEqual(["renewed", [other.cert], undefined]);
  expect(material.expiresAt().toISOString()).toBe("2099-01-01T00:00:00.000Z");
  material.close();
});
