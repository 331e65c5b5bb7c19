import type { Client } from "../contract/client.ts";
import type { LicenseContent } from "../contract/license-content.ts";
import type { Reply } from "../contract/routes.ts";
import { everyPage } from "./every-page.ts";

type Items<K extends "GET /v1/partners" | "GET /v1/licenses" | "GET /v1/clients" | "GET /v1/accesses" | "GET /v1/webhooks"> =
  Reply<K>["items"];
export type StoredLicense = Items<"GET /v1/licenses">[number] & {
  /** What the license says or is about to say: its open version, else what is published. */
  stated: StatedContent;
};
type People = Pick<Items<"GET /v1/licenses">[number], "responsible" | "encarregado" | "people_hidden">;
/** The list of matrículas is read apart. */
export type StatedContent = LicenseContent & People & { matriculas: number[] };

/** Everything of the tenant that a policy file can state. */
export type PolicyState = {
  partners: Items<"GET /v1/partners">;
  licenses: StoredLicense[];
  clients: Items<"GET /v1/clients">;
  accesses: Items<"GET /v1/accesses">;
  webhooks: Items<"GET /v1/webhooks">;
};

/** Reads it from the admin API. */
export async function readPolicyState(client: Client): Promise<PolicyState> {
  const licenses = await everyPage((query) => client.call("GET /v1/licenses", { query }));
  return {
    partners: await everyPage((query) => client.call("GET /v1/partners", { query })),
    licenses: await Promise.all(licenses.map((license) => withStated(client, license))),
    clients: await everyPage((query) => client.call("GET /v1/clients", { query })),
    accesses: await everyPage((query) => client.call("GET /v1/accesses", { query })),
    webhooks: await everyPage((query) => client.call("GET /v1/webhooks", { query })),
  };
}

async function withStated(client: Client, license: Items<"GET /v1/licenses">[number]): Promise<StoredLicense> {
  const version = license.open_version?.version ?? license.version;
  const params = { license_id: license.license_id, version: String(version) };
  const content = license.open_version === null ? license : await versionContent(client, params);
  const listed = content.object_scope?.matriculas ?? null;
  const { matriculas } =
    listed === null ? { matriculas: [] } : await client.call("GET /v1/licenses/{license_id}/versions/{version}/matriculas", { params });
  return { ...license, stated: { ...content, matriculas } };
}

async function versionContent(client: Client, params: { license_id: string; version: string }): Promise<Omit<StatedContent, "matriculas">> {
  const version = await client.call("GET /v1/licenses/{license_id}/versions/{version}", { params });
  const { responsible, encarregado, people_hidden } = version;
  return { ...version.content, responsible, encarregado, people_hidden };
}
