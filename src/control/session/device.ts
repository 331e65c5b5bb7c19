import { randomBytes, timingSafeEqual } from "node:crypto";
import type { ActionContext } from "../context.ts";
import { keyedHash } from "../user/email.ts";

/** How long a browser is known after a second factor was last given in it. */
export const deviceMs = 180 * 24 * 3_600_000;

const form = /^(\d{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

type Where = Pick<ActionContext, "tenantId" | "clock" | "keyring">;

/**
 * What a browser keeps in which a user gave a second factor: since when, 128 random bits, and a keyed hash that ties both
 * to the user. It signs nobody in. It only sets this browser's tries apart, so that strangers' wrong guesses at the
 * account do not lock its owner out of it.
 */
export function newDevice(ctx: Where, userId: string): string {
  const head = `${Math.floor(ctx.clock.now().getTime() / 1000)}.${randomBytes(16).toString("base64url")}`;
  return `${head}.${macOf(ctx, userId, head).toString("base64url")}`;
}

/** The random part of a value that newDevice made for this user, and that is not too old; else undefined. */
export function deviceOf(ctx: Where, userId: string, value: string | undefined): string | undefined {
  const [, since = "", nonce = "", mac = ""] = form.exec(value ?? "") ?? [];
  if (nonce === "") return undefined;
  if (!timingSafeEqual(macOf(ctx, userId, `${since}.${nonce}`), Buffer.from(mac, "base64url"))) return undefined;
  return ctx.clock.now().getTime() - Number(since) * 1000 < deviceMs ? nonce : undefined;
}

function macOf(ctx: Where, userId: string, head: string): Buffer {
  return keyedHash(ctx.keyring, "sign-in.device", `${ctx.tenantId}\n${userId}\n${head}`);
}
