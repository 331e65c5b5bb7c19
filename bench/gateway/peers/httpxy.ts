import { Agent, createServer } from "node:http";
import { createProxyServer } from "httpxy";

const proxy = createProxyServer({ target: process.env["UPSTREAM"] ?? "", agent: new Agent({ keepAlive: true, maxSockets: 64 }) });
createServer((request, response) => {
  proxy.web(request, response).catch(() => response.destroy());
}).listen(Number(process.env["PORT"]), "127.0.0.1");
