/** The unmodified official client, pointed at a local network: the judge of our wire formats. */
import { SuiGrpcClient } from "@mysten/sui/grpc";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { BlobNotRegisteredError, type UploadRelayConfig, WalrusClient } from "@mysten/walrus";
import type { NetworkDescription } from "../devnet/network/network.ts";

/** A busy machine serves clients and a hundred nodes with two cores; a node that hangs is not tested here. */
const NODE_TIMEOUT_MS = 120_000;

/** An official client with a funded key of its own, so that it never shares coins with a Worker. */
export interface OfficialClient {
  readonly walrus: WalrusClient;
  readonly sui: SuiGrpcClient;
  readonly signer: Ed25519Keypair;
}

/** Builds the official client and funds its key from the network's faucet. */
export async function officialClient(
  network: NetworkDescription,
  seedByte = 7,
  uploadRelay?: UploadRelayConfig,
): Promise<OfficialClient> {
  const sui = new SuiGrpcClient({ network: "testnet", baseUrl: network.rpc });
  const walrus = new WalrusClient({
    packageConfig: network.packageConfig,
    suiClient: sui,
    storageNodeUrlScheme: network.storageNodeUrlScheme,
    storageNodeClientOptions: {
      timeout: NODE_TIMEOUT_MS,
      // The client itself says no more than "too many failures". A registration that a node has not
      // seen yet it asks for again.
      onError: (error) => {
        if (error instanceof BlobNotRegisteredError) return;
        process.stderr.write(`official client, of a node: ${error.message}\n`);
      },
    },
    ...(uploadRelay === undefined ? {} : { uploadRelay }),
  });
  const signer = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(seedByte));
  const funded = await fetch(network.faucet, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ address: signer.toSuiAddress() }),
  });
  if (!funded.ok) throw new Error(`Cannot fund the official client: ${await funded.text()}`);
  return { walrus, sui, signer };
}
