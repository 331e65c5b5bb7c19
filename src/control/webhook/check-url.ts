import ipaddr from "ipaddr.js";
import { AppError } from "../../contract/errors.ts";

/**
 * Refuses (`invalid-field`) a webhook URL by its text alone: https only, no user or password, no fragment, no private,
 * loopback or otherwise special address, no host name that only a local network knows. The dispatcher vets the
 * addresses that the name resolves to at every connection; this is only the early word to the person who types it.
 */
export function checkWebhookUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : refuse("a URL is expected");
  if (url.protocol !== "https:") refuse("the URL must begin with https://");
  if (url.username !== "" || url.password !== "") refuse("the URL must not hold a user or a password");
  if (text.includes("#")) refuse("the URL must not have a fragment");
  if (url.href.length > 2000) refuse("the URL is too long");
  checkHost(url.hostname);
}

function checkHost(host: string): void {
  const address = host.startsWith("[") ? host.slice(1, -1) : host;
  if (ipaddr.isValid(address)) {
    if (ipaddr.process(address).range() !== "unicast") refuse("the URL must lead to a public address");
    return;
  }
  const local = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|localdomain|test|invalid|onion)\.?$/i;
  if (!host.replace(/\.$/, "").includes(".") || local.test(host)) refuse("the URL must lead to a public host name");
}

function refuse(detail: string): never {
  throw new AppError("invalid-field", detail, { pointer: "/body/url" });
}
