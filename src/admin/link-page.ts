import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const script = readFileSync(new URL("./pages/link.js", import.meta.url), "utf8");
const style =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}" +
  "label{display:block;margin:.8rem 0}input{display:block;width:100%;font:inherit;padding:.4rem;box-sizing:border-box}" +
  "button{font:inherit;padding:.4rem 1rem}pre{font-size:1.1rem}#problem{color:#a00}";

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** Only this page's own script and style run, it speaks to this host alone, and nobody frames it. */
export const linkPagePolicy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The page that a one-time link opens: it sets the password and adds the first second factor. It holds no data. */
export const linkPage = `<!doctype html>
<html lang="pt-BR">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Aqueduto</title><style>${style}</style></head>
<body>
<h1>Aqueduto</h1>
<p id="problem" role="alert"></p>
<form id="password">
<p>Defina sua senha: 12 caracteres ou mais, de qualquer tipo. · Set your password: 12 characters or more, of any kind.</p>
<label>Nome (só no primeiro acesso da instalação) · Name (first set-up only)<input name="name" autocomplete="name" maxlength="200"></label>
<label>E-mail (só no primeiro acesso da instalação) · E-mail (first set-up only)<input name="email" type="email" autocomplete="username" maxlength="254"></label>
<label>Senha · Password<input name="password" type="password" autocomplete="new-password" minlength="12" maxlength="512" required></label>
<label>Senha outra vez · Password again<input name="again" type="password" autocomplete="new-password" required></label>
<button>Continuar · Continue</button>
</form>
<form id="app" hidden>
<p>Cadastre esta chave em um aplicativo autenticador e digite o código de 6 dígitos. · Add this key to an authenticator app and type its 6 digits.</p>
<pre id="secret"></pre>
<p><a id="uri" href="">Abrir no aplicativo · Open in the app</a></p>
<label>Código · Code<input name="totp" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" required></label>
<button>Confirmar · Confirm</button>
</form>
<section id="done" hidden>
<p>Pronto. Guarde estes códigos de recuperação: cada um vale uma vez. · Done. Keep these recovery codes: each works once.</p>
<pre id="codes"></pre>
</section>
<script>${script}</script>
</body>
</html>
`;
