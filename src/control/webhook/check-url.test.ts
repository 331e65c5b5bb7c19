import { expect, test } from "vitest";
import { checkWebhookUrl } from "./check-url.ts";

test.each(["https://hooks.example.com/a?b=c", "https://hooks.example.com:8443/", "https://8.8.8.8/x", "https://[2606:4700::1111]/"])(
  "%s may be a webhook's URL",
  (url) => checkWebhookUrl(url),
);

test.each([
  "http://hooks.example.com/",
  "ftp://hooks.example.com/",
  "hooks.example.com",
  "",
  "https://user:pass@hooks.example.com/",
  "https://user@hooks.example.com/",
  "https://hooks.example.com/#x",
  "https://hooks.example.com/#",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://a.localhost/",
  "https://intranet/",
  "https://host.internal/",
  "https://printer.local/",
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0/",
  "https://10.1.2.3/",
  "https://169.254.169.254/latest",
  "https://100.64.0.1/",
  "https://192.168.0.1/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://[::1]/",
  "https://[::]/",
  "https://[fd00::1]/",
  "https://[fe80::1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  `https://example.com/${"a".repeat(2000)}`,
])("%s is refused", (url) => {
  expect(() => checkWebhookUrl(url)).toThrow(expect.objectContaining({ code: "invalid-field", pointer: "/body/url" }));
});
