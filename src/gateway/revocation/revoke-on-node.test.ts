import { expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { accessRow, grantRow, makeToken, policyRows, tokenRow } from "../testing/test-policy.ts";
import { createRevokeOnNode } from "./revoke-on-node.ts";

const live = makeToken();
const retiring = makeToken();
const ended = makeToken();

async function bed() {
  const rows = policyRows(
    { sandbox: "http://127.0.0.1:1" },
    {
      accesses: [accessRow()],
      tokens: [
        tokenRow(live),
        tokenRow(retiring, { token_id: "tok_old", state: "retiring" }),
        tokenRow(ended, { token_id: "tok_ended", state: "ended" }),
      ],
      grants: [grantRow("getProperty", { indirect: "full" })],
    },
  );
  const gateway = await startTestGateway(rows);
  const { policy, revokedHere, clock } = gateway.parts;
  const asked: (string | undefined)[] = [];
  const journal = {
    append: (record: TestGateway["records"][number], sync?: "answer") => {
      asked.push(sync);
      if (gateway.journal.full) return Promise.reject(new Error("full"));
      gateway.records.push(record);
      return Promise.resolve();
    },
  };
  const revoke = createRevokeOnNode({ policy, revokedHere, clock, journal, nodeId: "nod_1" });
  const status = async (token: string) => (await gateway.call("GET", "/v1/properties/1", { token })).status;
  return { gateway, revoke, asked, status, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

test("an access loses its live and its retiring token, each with a record on disk first", async () => {
  await using node = await bed();
  const { access_id } = accessRow();
  const done = await node.revoke({ access_id });
  expect(done).toEqual({
    node_id: "nod_1",
    token_ids: [tokenRow(live).token_id, "tok_old"],
    requested_at: node.gateway.clock.now().toISOString(),
  });
  expect(node.asked).toEqual(["answer", "answer"]);
  expect(node.gateway.records).toMatchObject(
    done.token_ids.map((tokenId) => ({ tokenId, accessId: access_id, phase: "intent", clause: "node-revoked", route: "node revoke" })),
  );
  expect([await node.status(live), await node.status(retiring)]).toEqual([401, 401]);
});

test("one token is ended alone; doing it again succeeds and writes nothing", async () => {
  await using node = await bed();
  await node.revoke({ token_id: "tok_old" });
  expect((await node.revoke({ token_id: "tok_old" })).token_ids).toEqual(["tok_old"]);
  expect(node.asked).toHaveLength(1);
  expect([await node.status(live), await node.status(retiring)]).toEqual([502, 401]);
});

test("a record that cannot be kept leaves the token as it was", async () => {
  await using node = await bed();
  node.gateway.journal.full = true;
  await expect(node.revoke({ token_id: "tok_old" })).rejects.toThrow("full");
  node.gateway.journal.full = false;
  expect(await node.status(retiring)).toBe(502);
});

test.each([{}, undefined, "tok_old", { token_id: 7 }, { token_id: "tok_old", access_id: "x" }, { token: "tok_old" }, { access_id: "*" }])(
  "%j names nothing, and nothing is done",
  async (asked) => {
    await using node = await bed();
    await expect(node.revoke(asked)).rejects.toThrow("Name one token or one access.");
  },
);

test.each(["tok_ended", "tok_unknown"])("%s is no live token", async (token_id) => {
  await using node = await bed();
  await expect(node.revoke({ token_id })).rejects.toThrow("no live token");
  expect(node.asked).toEqual([]);
});
