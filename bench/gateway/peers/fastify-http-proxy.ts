import proxy from "@fastify/http-proxy";
import fastify from "fastify";

const server = fastify({ logger: false });
await server.register(proxy, { upstream: process.env["UPSTREAM"] ?? "", undici: { connections: 64, pipelining: 1 } });
await server.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" });
