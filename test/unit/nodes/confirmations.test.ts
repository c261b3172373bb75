import { expect, test } from "vitest";
import { ConfirmationCollector } from "../../../shared/nodes/confirmations.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { confirmationMessage } from "../../../shared/protocol/confirmation.ts";

const BLOB_ID = new Uint8Array(32).fill(7);
const SIGNATURE = new Uint8Array(96).fill(1);
/** Ten shards over four members: 4, 3, 2 and 1. */
const COMMITTEE: Committee = {
  epoch: 5,
  shardCount: 10,
  members: [[0, 1, 2, 3], [4, 5, 6], [7, 8], [9]].map((shardIndices, index) => ({
    nodeId: `0x${index}`,
    name: `node ${index}`,
    baseUrl: "http://node.test",
    publicKey: new Uint8Array(96),
    shardIndices,
  })),
};

function messageOf(epoch: number): Uint8Array {
  return confirmationMessage({ epoch, blobId: BLOB_ID, deletableObjectId: null });
}

function collector(): ConfirmationCollector {
  return new ConfirmationCollector(COMMITTEE, messageOf(5));
}

test("weight is counted in shards, and each member once", () => {
  const confirmations = collector();
  expect(confirmations.add(0, { message: messageOf(5), signature: SIGNATURE })).toBe("counted");
  expect(confirmations.add(3, { message: messageOf(5), signature: SIGNATURE })).toBe("counted");
  expect(confirmations.add(0, { message: messageOf(5), signature: SIGNATURE })).toBe("repeated");
  expect(confirmations.weight).toBe(5);
});

test("any other byte is another message", () => {
  const confirmations = collector();
  const other = messageOf(5);
  other[20] = (other[20] ?? 0) ^ 1;
  expect(confirmations.add(0, { message: other, signature: SIGNATURE })).toBe("other-message");
  const longer = Uint8Array.of(...messageOf(5), 0);
  expect(confirmations.add(0, { message: longer, signature: SIGNATURE })).toBe("other-message");
  expect(confirmations.weight).toBe(0);
});

test("a later epoch is told apart from an earlier one", () => {
  const confirmations = collector();
  const signature = SIGNATURE;
  expect(confirmations.add(1, { message: messageOf(6), signature })).toBe("later-epoch");
  expect(confirmations.add(2, { message: messageOf(4), signature })).toBe("earlier-epoch");
  expect(confirmations.laterEpochWeight).toBe(3);
  expect(confirmations.weight).toBe(0);
});

test("a signature of the wrong length does not count", () => {
  const short = { message: messageOf(5), signature: new Uint8Array(95) };
  expect(collector().add(0, short)).toBe("other-message");
});

test("a dropped signature no longer weighs, and the member may confirm again", () => {
  const confirmations = collector();
  confirmations.add(0, { message: messageOf(5), signature: SIGNATURE });
  confirmations.drop([0]);
  expect(confirmations.weight).toBe(0);
  expect(confirmations.add(0, { message: messageOf(5), signature: SIGNATURE })).toBe("counted");
});
