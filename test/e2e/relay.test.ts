/** The upload relay, used by the official SDK unmodified: it pays, we spread. */
import { Transaction } from "@mysten/sui/transactions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, problemOf } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { type Gateway, startGateway } from "../support/local-gateway/gateway.ts";
import { scrape } from "../support/metrics-page.ts";
import { officialClient } from "../support/sdk.ts";

const TIP_ADDRESS = `0x${"7e".repeat(32)}`;
const LINEAR = {
  address: TIP_ADDRESS,
  kind: { linear: { base: 101, encoded_size_mul_per_kib: 42 } },
};
const CONST = { address: TIP_ADDRESS, kind: { const: 105 } };

let network: Network;
const gateways: Gateway[] = [];

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "relay" });
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await network?.close();
});

async function relay(tip: object | null): Promise<string> {
  const vars = tip === null ? {} : { publisher: { RELAY_TIP: JSON.stringify(tip) } };
  const gateway = await startGateway(network, { vars });
  gateways.push(gateway);
  return gateway.urls.publisher;
}

async function tipBalance(): Promise<bigint> {
  const { sui } = await officialClient(network.description, 9);
  const { balance } = await sui.getBalance({ owner: TIP_ADDRESS });
  return BigInt(balance.balance);
}

const PREFIX = "walrus_upload_relay_";
/** By the official names less their prefix. */
const COUNTED = {
  blobs_uploaded: 0,
  blob_id_mismatch: 0,
  get_transaction_error: 0,
  freshness_check_error: 0,
  tip_check_error: 0,
  auth_package_check_error: 0,
};

/** What the relay has counted: behind its answers. */
function expectCounted(host: string, counts: Partial<typeof COUNTED>): Promise<void> {
  const counted = async () => {
    const page = await scrape((path, init) => fetch(host + path, init));
    const own = [...page].filter(([series]) => series.startsWith(PREFIX));
    return Object.fromEntries(
      own.map(([series, count]) => [series.slice(PREFIX.length), Number(count)]),
    );
  };
  return expect
    .poll(counted, { timeout: 20_000, interval: 250 })
    .toEqual({ ...COUNTED, ...counts });
}

test("without a tip the SDK writes through the relay and reads what it wrote", async () => {
  const host = await relay(null);
  expect(await (await fetch(`${host}/v1/tip-config`)).text()).toBe('"no_tip"');
  const { walrus, signer } = await officialClient(network.description, 8, { host });
  for (const deletable of [true, false]) {
    const blob = seededBytes(200_000, deletable ? 1 : 2);
    const { blobId } = await walrus.writeBlob({ blob, deletable, epochs: 2, signer });
    expectSameBytes(await walrus.readBlob({ blobId }), blob);
  }
  const wrong = await fetch(`${host}/v1/blob-upload-relay?blob_id=${"A".repeat(43)}`, {
    method: "POST",
    body: "hello",
  });
  expect(await problemOf(wrong)).toMatchObject({ status: 400, reason: "BLOB_ID_MISMATCH" });
  await expectCounted(host, { blobs_uploaded: 2, blob_id_mismatch: 1 });
});

describe.each([
  ["constant", CONST],
  ["linear", LINEAR],
])("with a %s tip", (name, tip) => {
  let host = "";
  const blob = seededBytes(300_000, name.length);

  beforeAll(async () => {
    host = await relay(tip);
  });

  test("the SDK pays it and writes through the relay", async () => {
    expect(JSON.parse(await (await fetch(`${host}/v1/tip-config`)).text())).toEqual({
      send_tip: tip,
    });
    const { walrus, signer } = await officialClient(network.description, 8, {
      host,
      sendTip: { max: 10_000_000 },
    });
    const before = await tipBalance();
    const { blobId } = await walrus.writeBlob({ blob, deletable: true, epochs: 2, signer });
    expectSameBytes(await walrus.readBlob({ blobId }), blob);
    const expected = await walrus.calculateUploadRelayTip({ size: blob.length });
    expect((await tipBalance()) - before).toBe(BigInt(expected));
  });

  test("what is not paid, or paid for something else, is refused", async () => {
    const { walrus, sui, signer } = await officialClient(network.description, 8, {
      host,
      sendTip: { max: 10_000_000 },
    });
    const metadata = await walrus.computeBlobMetadata({ bytes: blob });
    const pay = async (amountPart: bigint) => {
      const transaction = new Transaction();
      transaction.add(
        walrus.addAuthPayload({
          size: blob.length,
          blobDigest: () => metadata.blobDigest(),
          nonce: metadata.nonce,
        }),
      );
      const tipMist = BigInt(await walrus.calculateUploadRelayTip({ size: blob.length }));
      const coin = transaction.splitCoins(transaction.gas, [tipMist - amountPart]);
      transaction.transferObjects([coin], TIP_ADDRESS);
      transaction.setSender(signer.toSuiAddress());
      const sent = await sui.signAndExecuteTransaction({ transaction, signer });
      return sent.Transaction?.digest ?? "";
    };
    const post = (query: Record<string, string>, body = blob) =>
      fetch(
        `${host}/v1/blob-upload-relay?` +
          new URLSearchParams({ blob_id: metadata.blobId, ...query }).toString(),
        { method: "POST", body },
      );
    const send = (...args: Parameters<typeof post>) => post(...args).then(problemOf);
    const nonce = Buffer.from(metadata.nonce).toString("base64url");

    expect(await send({})).toMatchObject({ status: 400, reason: "TIP_REQUIRED" });
    const tx_id = await pay(0n);
    expect(await send({ tx_id })).toMatchObject({ status: 400, reason: "TIP_REQUIRED" });
    const otherNonce = Buffer.alloc(32, 1).toString("base64url");
    const unauthentic = await post({ tx_id, nonce: otherNonce });
    expect(unauthentic.status).toBe(401);
    expect(unauthentic.headers.get("www-authenticate")).toBe('WalrusTip config="/v1/tip-config"');
    expect(await send({ tx_id, nonce }, seededBytes(300_000, 77))).toMatchObject({ status: 401 });
    expect(await send({ tx_id: await pay(1n), nonce })).toMatchObject({
      status: 402,
      reason: "TIP_INSUFFICIENT",
    });
    const unknown = "11111111111111111111111111111112";
    // Our RPC node may be behind the one that has executed it.
    const unseen = await post({ tx_id: unknown, nonce });
    expect(unseen.headers.get("retry-after")).not.toBeNull();
    expect(await problemOf(unseen)).toMatchObject({
      status: 503,
      reason: "TIP_TRANSACTION_NOT_FOUND",
    });
    await expectCounted(host, {
      blobs_uploaded: 1,
      auth_package_check_error: 2,
      tip_check_error: 1,
      get_transaction_error: 1,
    });
  });
});
