/**
 * A client of the upload relay, in the official SDK's steps: it registers its blob and pays the tip
 * for it, has it spread by us, and certifies it. What it does on the ledger goes by an RPC node of its
 * own, and takes no time.
 */
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { Transaction } from "@mysten/sui/transactions";
import { concatBytes } from "../../shared/bytes/arrays.ts";
import { fromBase64 } from "../../shared/bytes/text.ts";
import { encodedBlobBytes, formatBlobId } from "../../shared/codec/index.ts";
import { createSigner } from "../../shared/sui/signer.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import type { Certificate } from "../../shared/protocol/certificate.ts";
import { systemTimer } from "../../shared/system.ts";
import { chainWallet } from "../support/chain-wallet.ts";
import { valueOf } from "../support/results.ts";
import { codec, SMALL, SUI } from "./network.ts";
import { SUI_RPC_URL } from "./ports.ts";
import type { Client } from "./visit.ts";
import { sha256 } from "./web-crypto.ts";

/** Whom tips go to. */
const TIP_ADDRESS = `0x${"7e".repeat(32)}`;
const TIP_MIST = 105n;
/** Variables of a gateway that asks for them. */
export const RELAY_VARS = {
  RELAY_TIP: JSON.stringify({ address: TIP_ADDRESS, kind: { const: Number(TIP_MIST) } }),
};

const keypair = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(9));
const NONCE = new Uint8Array(32).fill(3);
/** Longer than two troubles can move the epoch: nobody buys it again for a client of the relay. */
const EPOCHS = 3;

/** What the relay answers. */
interface RelayAnswer {
  readonly confirmation_certificate: {
    readonly signers: readonly number[];
    readonly serialized_message: readonly number[];
    readonly signature: string;
  };
}

/** Stores through the relay; whether the blob is certified in the end, and what tips have come. */
export async function storeThroughRelay(
  client: Client,
  content: Uint8Array<ArrayBuffer>,
): Promise<object> {
  const { scheduler, network } = client.world;
  const wallet = await scheduler.exclusively(() => payer(client));
  const { shardCount } = SMALL;
  const { blobId, rootHash } = valueOf(codec.metadata(content, shardCount));
  const objectId = await scheduler.exclusively(async () => {
    const registered = await wallet.run({
      kind: "register",
      id: "register",
      blobId,
      rootHash,
      unencodedBytes: content.length,
      encodedBytes: valueOf(encodedBlobBytes(content.length, shardCount)),
      epochs: EPOCHS,
      deletable: true,
    });
    const done = valueOf(registered);
    if (done.kind !== "registered") throw new TypeError(`Cannot register: got ${done.kind}`);
    return done.blob.objectId;
  });
  const tx = await scheduler.exclusively(() => payTip(client, content));
  const query = new URLSearchParams({
    blob_id: formatBlobId(blobId),
    deletable_blob_object: objectId,
    tx_id: tx,
    nonce: Buffer.from(NONCE).toString("base64url"),
  });
  const path = `/v1/blob-upload-relay?${query.toString()}`;
  for (let certificates = 1; ; certificates++) {
    const told = await client.ask({ method: "POST", path, body: content });
    if (told.status !== 200) return { status: told.status, text: told.text };
    const certificate = certificateOf(JSON.parse(told.text) as RelayAnswer);
    const id = `certify ${certificates}`;
    const certified = await scheduler.exclusively(() =>
      wallet.run({ kind: "certify", id, blobObjectId: objectId, ...certificate }),
    );
    // The epoch has changed meanwhile: the tip that was paid is good for another certificate.
    if (!certified.ok && certified.failure.kind === "wrong-epoch") continue;
    const tips = network.ledger.balance(TIP_ADDRESS, SUI);
    return { status: told.status, isCertified: certified.ok, tips: tips.toString() };
  }
}

async function payer({ world }: Client) {
  const { network, scheduler } = world;
  const signer = valueOf(createSigner(keypair.getSecretKey()));
  network.fund(signer.address, { sui: 10n ** 10n, wal: 10n ** 6n });
  const { systemId: systemObjectId, stakingId: stakingObjectId } = network.deployment;
  const chain = createChain({
    suiRpcUrl: SUI_RPC_URL,
    systemObjectId,
    stakingObjectId,
    storageNodeUrlScheme: "http",
    clock: scheduler,
    timer: systemTimer,
    fetch: (request) => network.askAsClient(request),
  });
  return chainWallet({ chain, signer });
}

/** Source: `@mysten/walrus` `addAuthPayload`: digest, hash of the nonce, length, as the first input. */
async function payTip({ world }: Client, content: Uint8Array): Promise<string> {
  const { ledger } = world.network;
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(content.length), true);
  const sender = keypair.toSuiAddress();
  const coins = ledger.view.ownedBy(sender).filter(({ type }) => type.endsWith("::sui::SUI>"));
  const transaction = new Transaction();
  transaction.pure(concatBytes(sha256(content), sha256(NONCE), length));
  const [tip] = transaction.splitCoins(transaction.gas, [TIP_MIST]);
  if (tip === undefined) throw new TypeError("Cannot pay: expected a coin");
  transaction.transferObjects([tip], TIP_ADDRESS);
  transaction.setSender(sender);
  transaction.setGasPrice(1_000);
  transaction.setGasBudget(100_000_000);
  transaction.setGasPayment(
    coins.map(({ id, version, digest }) => ({
      objectId: id,
      version: version.toString(),
      digest,
    })),
  );
  const bytes = await transaction.build();
  const { signature } = await keypair.signTransaction(bytes);
  return valueOf(await ledger.submit(bytes, [signature])).digest;
}

function certificateOf({
  confirmation_certificate: { signers, serialized_message, signature },
}: RelayAnswer): Pick<Certificate, "message" | "signature" | "signersBitmap"> {
  const signersBitmap = new Uint8Array(Math.ceil((Math.max(...signers) + 1) / 8));
  for (const index of signers) {
    signersBitmap[index >> 3] = (signersBitmap[index >> 3] ?? 0) | (1 << (index & 7));
  }
  const signatureBytes = fromBase64(signature);
  if (signatureBytes === null) throw new TypeError("Cannot read the certificate");
  return {
    message: Uint8Array.from(serialized_message),
    signature: signatureBytes,
    signersBitmap,
  };
}
