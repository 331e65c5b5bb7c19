// The page of a one-time link: password, then authenticator app, then recovery codes. The link's secret is the fragment of
// the address, which the browser sends to nobody; it is taken off the address at once.
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
let csrf = "";
let factorId = "";

const byId = (id) => document.getElementById(id);

async function call(path, body) {
  const headers = { "content-type": "application/json", ...(csrf === "" ? {} : { "aqueduto-csrf": csrf }) };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const reply = await response.json();
  if (!response.ok) throw new Error([reply.title, reply.detail, reply.pointer].filter(Boolean).join(" · "));
  return reply;
}

async function submit(form, work) {
  byId("problem").textContent = "";
  try {
    await work(Object.fromEntries(new FormData(form)));
    form.hidden = true;
  } catch (error) {
    byId("problem").textContent = error.message;
  }
}

function step(id, work) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(event.target, work);
  });
}

step("password", async ({ email, name, password, again }) => {
  if (password !== again) throw new Error("As senhas são diferentes. · The passwords differ.");
  const person = { ...(email === "" ? {} : { email }), ...(name === "" ? {} : { name }) };
  const signedIn = await call("/v1/sign-in/link", { link: secret, password, ...person });
  csrf = signedIn.csrf;
  const app = await call("/v1/factors/totp", { name: "app" });
  factorId = app.factor_id;
  byId("secret").textContent = app.secret;
  byId("uri").href = app.uri;
  byId("app").hidden = false;
});

step("app", async ({ totp }) => {
  const factor = await call(`/v1/factors/${factorId}/confirm`, { totp });
  byId("codes").textContent = factor.recovery_codes.join("\n");
  byId("done").hidden = false;
});
