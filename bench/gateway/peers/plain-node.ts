import { createServer, type ServerResponse } from "node:http";
import { Pool } from "undici";

// a proxy that does nothing: what two HTTP parsers and their streams cost without any step of a gateway
const pool = new Pool(process.env["UPSTREAM"] ?? "", { connections: 64, pipelining: 1 });

async function forward(path: string, response: ServerResponse): Promise<void> {
  await pool.stream({ path, method: "GET" }, ({ statusCode, headers }) =>
    response.writeHead(statusCode, {
      "content-type": String(headers["content-type"]),
      "content-length": String(headers["content-length"]),
    }),
  );
}

createServer((request, response) => {
  forward(request.url ?? "/", response).catch(() => response.destroy());
}).listen(Number(process.env["PORT"]), "127.0.0.1");
