import { createHash } from "node:crypto";
import type { RoleReadiness } from "../contract/status.ts";

const style =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}" +
  "dt{float:left;clear:left;width:9rem}dd{margin:0 0 .3rem 9rem}";
const styleHash = createHash("sha256").update(style).digest("base64");

/** Nothing may be loaded, framed or sent from the page; its one style is named by its hash. */
export const statusPagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A page that says which roles serve and where to read on. It holds no data, so it needs no credential. */
export function statusPage(roles: readonly RoleReadiness[]): string {
  const lines = roles.map(({ role, ready, reason }) => {
    const state = ready ? "serving · em serviço" : `not ready · indisponível${reason === undefined ? "" : `: ${reason}`}`;
    return `<dt>${escapeHtml(role)}</dt><dd>${escapeHtml(state)}</dd>`;
  });
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Aqueduto</title><style>${style}</style></head>
<body>
<h1>Aqueduto</h1>
<p>Integration platform in front of GSAN. · Plataforma de integração do GSAN.</p>
<dl>${lines.join("")}</dl>
<p>The command <code>npx aqueduto --help</code> speaks to this address; README.md and docs/ in the repository explain it.</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
