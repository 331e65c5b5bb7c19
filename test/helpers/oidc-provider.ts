import { once } from "node:events";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

export type Account = { sub: string; claims: Record<string, unknown> };

export type TestProvider = AsyncDisposable & {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Walks from an authorization URL, as a browser that signs in as this account would, to the redirect back. */
  visit(authorizationUrl: string, account: string): Promise<string>;
};

/** A real OpenID Connect provider (npm oidc-provider) on a loopback port, whose login form takes any account's name. */
export async function startOidcProvider(accounts: Account[], redirectUri: string): Promise<TestProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const [clientId, clientSecret] = ["aqueduto", "um-segredo-bem-comprido-de-teste"];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    conformIdTokenClaims: false,
    findAccount: (_, sub) => {
      const account = accounts.find((one) => one.sub === sub);
      return account === undefined ? undefined : { accountId: sub, claims: async () => ({ sub, ...account.claims }) };
    },
    cookies: { keys: ["chave-de-teste"] },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  return {
    issuer,
    clientId,
    clientSecret,
    visit: (url, account) => visit({ issuer, redirectUri }, url, account),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Follows redirects with a cookie jar and sends each form that stands in the way. */
async function visit(of: { issuer: string; redirectUri: string }, start: string, account: string): Promise<string> {
  const jar = new Map<string, string>();
  let next = { url: start, body: undefined as string | undefined };
  for (let step = 0; step < 12; step += 1) {
    const response = await fetch(next.url, {
      method: next.body === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(next.body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(next.body === undefined ? {} : { body: next.body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get("location");
    if (location !== null) {
      const url = new URL(location, next.url).href;
      if (url.startsWith(of.redirectUri)) return url;
      next = { url, body: undefined };
      continue;
    }
    const html = await response.text();
    const action = /action="([^"]+)"/.exec(html)?.[1];
    if (action === undefined) throw new Error(`the provider shows neither a form nor a redirect (${response.status})`);
    const prompt = /name="prompt" value="([^"]+)"/.exec(html)?.[1] ?? "";
    next = { url: new URL(action, next.url).href, body: new URLSearchParams({ prompt, login: account, password: "x" }).toString() };
  }
  throw new Error("the provider never came back");
}
