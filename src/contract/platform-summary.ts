/** What a start tells: for the screen, and as JSON for scripts. */
export type PlatformSummary = {
  gateway: string;
  admin: string;
  base?: string;
  dataDir: string;
  operatorKeyFile: string;
  /** While there is no administrador: the one-time link that makes the first one, and until when it works. */
  setup?: { url: string; expiresAt: string };
  demo?: DemoSummary;
};

/** The demo's part; the same values as in demo.json. */
export type DemoSummary = {
  receiver: string;
  token?: string;
  accessId: string;
  licenseId: string;
  partnerId: string;
  webhookId: string;
  matricula: number;
  /** A known operation inside the license: answers 200. */
  call: { method: string; path: string };
  /** A known operation outside the license: answers 404. */
  forbidden: { method: string; path: string };
};

/** What a node that is no whole platform tells. */
export type NodeSummary = Pick<PlatformSummary, "gateway" | "dataDir"> & { nodeId: string };
