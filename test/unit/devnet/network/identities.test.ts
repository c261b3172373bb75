/** A seed decides every key and id. */
import { describe, expect, test } from "vitest";
import { hookSecret, nodeIdentities, walletKeypair } from "../../../devnet/network/identities.ts";

describe("nodeIdentities()", () => {
  test("same seed, same nodes; another seed, other nodes", () => {
    expect(nodeIdentities("a", 3)).toEqual(nodeIdentities("a", 3));
    expect(nodeIdentities("a", 3)[0]?.nodeId).not.toBe(nodeIdentities("b", 3)[0]?.nodeId);
  });

  test("come in the order of their ids, with keys of the right lengths", () => {
    const identities = nodeIdentities("a", 12);
    const ids = identities.map(({ nodeId }) => nodeId);
    expect(ids).toEqual(ids.toSorted());
    for (const { nodeId, publicKey, networkPublicKey } of identities) {
      expect(nodeId).toMatch(/^0x[0-9a-f]{64}$/);
      expect([publicKey.length, networkPublicKey.length]).toEqual([48, 33]);
    }
  });
});

describe("wallet and hook secret", () => {
  test("are texts in their usual form", () => {
    expect(walletKeypair("a").getSecretKey()).toMatch(/^suiprivkey1/);
    expect(hookSecret("a")).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
  });
});
