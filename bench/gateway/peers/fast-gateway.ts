import gateway from "fast-gateway";

await gateway({ routes: [{ prefix: "/v1", prefixRewrite: "/v1", target: process.env["UPSTREAM"] ?? "" }] }).start(
  Number(process.env["PORT"]),
  "127.0.0.1",
);
