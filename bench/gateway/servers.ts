import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../src/platform/free-port.ts";
import { type Child, startChild, untilListening } from "./child.ts";
import { findTool, type Tool } from "./tools.ts";

export type Server = Child & { port: number };

export type Job = {
  /** Folder for configuration, logs and pid files. */
  directory: string;
  upstreamPort: number;
  /** The key that the map of nginx knows, with its scheme. */
  authorization: string;
};

/** Answers of the upstream, by the path's last part. */
export type Documents = ReadonlyMap<string, string>;

/** What every candidate asks: nginx with fixed documents. */
export async function startUpstream(directory: string, documents: Documents, cpu: number): Promise<Server> {
  const folder = join(directory, "documents", "v1", "properties");
  await mkdir(folder, { recursive: true });
  for (const [name, text] of documents) await writeFile(join(folder, name), text);
  return startNginx(
    { directory, name: "upstream", cpu },
    (port) => `server {
    listen 127.0.0.1:${port} reuseport;
    root ${join(directory, "documents")};
    default_type application/json;
    etag off;
    location / { open_file_cache max=100; }
  }`,
  );
}

/** The gateway's job as nginx does it: key map, limit_req, header strip, log of each call; keep-alive to the upstream. */
export function startNginxGateway(job: Job, cpu: number): Promise<Server> {
  return startNginx(
    { directory: job.directory, name: "gateway", cpu },
    (port) => `
  map $http_authorization $partner { default ""; "${job.authorization}" "one"; }
  limit_req_zone $http_authorization zone=calls:10m rate=100000r/s;
  log_format calls escape=json '{"at":"$time_iso8601","partner":"$partner","method":"$request_method","uri":"$uri","status":$status,"bytes":$body_bytes_sent,"ms":$request_time,"id":"$request_id"}';
  access_log ${join(job.directory, "gateway-calls.log")} calls buffer=64k flush=1s;
  upstream base { server 127.0.0.1:${job.upstreamPort}; keepalive 128; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} reuseport;
    location /v1/properties/ {
      if ($partner = "") { return 401; }
      limit_req zone=calls burst=100000 nodelay;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      proxy_set_header Cookie "";
      proxy_set_header X-Partner $partner;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Request-Id $request_id;
      proxy_pass http://base;
    }
    location / { return 404; }
  }`,
  );
}

async function startNginx(place: { directory: string; name: string; cpu: number }, http: (port: number) => string): Promise<Server> {
  const port = await freePort();
  const file = join(place.directory, `${place.name}.conf`);
  const text = `daemon off; master_process off; worker_processes 1; pid ${file}.pid; error_log ${file}.log warn;
events { worker_connections 4096; }
http {
  map_hash_bucket_size 256; access_log off; sendfile on; tcp_nodelay on; keepalive_timeout 300s; keepalive_requests 100000000;
  client_body_temp_path ${file}-body; proxy_temp_path ${file}-proxy; fastcgi_temp_path ${file}-f; uwsgi_temp_path ${file}-u; scgi_temp_path ${file}-s;
  ${http(port)}
}
`;
  await writeFile(file, text);
  return served(startChild([toolPath("nginx"), "-c", file], place), port);
}

/** A plain proxy with the log off: it does less than the gateway. */
export async function startCaddy(job: Job, cpu: number): Promise<Server> {
  const port = await freePort();
  const file = join(job.directory, "Caddyfile");
  const text = `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  @known header Authorization "${job.authorization}"
  handle @known {
    reverse_proxy 127.0.0.1:${job.upstreamPort} {
      header_up -Authorization
      header_up -Cookie
      transport http {
        keepalive_idle_conns_per_host 128
      }
    }
  }
  respond 401
}
`;
  await writeFile(file, text);
  const env = { HOME: job.directory, XDG_DATA_HOME: job.directory, XDG_CONFIG_HOME: job.directory, GOMAXPROCS: "1" };
  return served(startChild([toolPath("caddy"), "run", "--config", file, "--adapter", "caddyfile"], { cpu, env }), port);
}

export async function startApache(job: Job, cpu: number): Promise<Server> {
  const port = await freePort();
  const file = join(job.directory, "apache.conf");
  const modules = ["mpm_event", "authz_core", "headers", "proxy", "proxy_http", "setenvif", "log_config"];
  const loaded = modules
    .filter((one) => one !== "log_config")
    .map((one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`);
  const text = `ServerRoot ${job.directory}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${job.directory}/apache.pid
ErrorLog ${job.directory}/apache-error.log
Mutex file:${job.directory} default
${loaded.join("\n")}
StartServers 1
ServerLimit 1
ThreadsPerChild 128
MaxRequestWorkers 128
MaxKeepAliveRequests 0
KeepAliveTimeout 300
SetEnvIf Authorization "^${job.authorization}$" known
<Location />
  Require env known
  RequestHeader unset Authorization
  RequestHeader unset Cookie
</Location>
LogFormat "%t %m %U %s %B %D" calls
BufferedLogs On
CustomLog ${job.directory}/apache-calls.log calls
ProxyPass / http://127.0.0.1:${job.upstreamPort}/ keepalive=On max=128
`;
  await writeFile(file, text);
  return served(startChild([toolPath("apache2"), "-D", "FOREGROUND", "-f", file], { cpu }), port);
}

/** One of `peers/`: a proxy of npm packages, which gets its ports by the environment. */
export async function startPeer(name: string, job: Job, cpu: number): Promise<Server> {
  const port = await freePort();
  const env = { PORT: String(port), UPSTREAM: `http://127.0.0.1:${job.upstreamPort}`, NODE_ENV: "production" };
  return served(startChild([process.execPath, join(import.meta.dirname, "peers", `${name}.ts`)], { cpu, env }), port);
}

function toolPath(tool: Tool): string {
  const path = findTool(tool);
  if (path === undefined) throw new Error(`${tool} is not installed`);
  return path;
}

async function served(child: Child, port: number): Promise<Server> {
  try {
    await untilListening(port);
    return { ...child, port };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}
