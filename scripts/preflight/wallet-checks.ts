/** Whether the paying address can pay: balances, and a registration that is only simulated. */
import type { SuiGrpcClient } from "@mysten/sui/grpc";
import { encodedBlobBytes, type Codec } from "../../shared/codec/index.ts";
import {
  GAS_BUDGET_BASE_MIST,
  GAS_BUDGET_PER_REGISTRATION_MIST,
  TRANSACTION_EXPIRATION_EPOCHS,
} from "../../shared/limits.ts";
import { registrationCost } from "../../shared/protocol/price.ts";
import type { Chain, Coin, SystemState } from "../../shared/sui/chain.ts";
import { buildTransaction, transactionBytes } from "../../shared/sui/transactions.ts";
import { failureText, messageOf } from "./chain-checks.ts";
import { type Check, fail, pass, warn } from "./check.ts";

const SUI_TYPE = "0x2::sui::SUI";
const GAS_MIST = GAS_BUDGET_BASE_MIST + GAS_BUDGET_PER_REGISTRATION_MIST;
/** A balance that lasts for fewer stores than this is worth a word. */
const STORES_MIN = 100n;
const NO_ADDRESS = "pass --address 0x… or set WALLET_SECRET_KEY to have the wallet checked";

/** What the checks read with. */
export interface WalletPorts {
  readonly chain: Chain;
  readonly sui: SuiGrpcClient;
  readonly codec: Codec;
}

/** Balances, and the simulation where they allow it. */
export async function checkWallet(
  ports: WalletPorts,
  system: SystemState,
  address: string | null,
): Promise<readonly Check[]> {
  if (address === null) return [warn("wallet", "no address was given", NO_ADDRESS)];
  const { chain } = ports;
  const [sui, wal] = await Promise.all([
    chain.listCoins(address, SUI_TYPE),
    chain.listCoins(address, system.contract.walType),
  ]);
  if (!sui.ok) return [fail("wallet", failureText(sui), "the coins of the address cannot be read")];
  if (!wal.ok) return [fail("wallet", failureText(wal), "the coins of the address cannot be read")];
  const smallest = encodedBlobBytes(1, system.shardCount);
  if (!smallest.ok) return [fail("wallet", "no blob fits this network", "check the contract")];
  const { totalFrost } = registrationCost(smallest.value, 1, system.prices);
  const checks = [
    checkBalance("SUI", sui.value, GAS_MIST, `send SUI to ${address}`),
    checkBalance("WAL", wal.value, totalFrost, `send WAL to ${address}`),
  ];
  const isPoor = checks.some(({ verdict }) => verdict === "fail");
  const simulated = isPoor
    ? warn("simulation", "not tried: the address cannot pay", "fund the address")
    : await simulateRegister(ports, system, address, { sui: sui.value, wal: wal.value });
  return [...checks, simulated];
}

function checkBalance(
  coin: "SUI" | "WAL",
  coins: readonly Coin[],
  oneStore: bigint,
  advice: string,
): Check {
  const held = coins.reduce((sum, { balance }) => sum + balance, 0n);
  const stores = oneStore === 0n ? held : held / oneStore;
  const detail = `${held} ${coin === "SUI" ? "MIST" : "FROST"}, enough for ${stores} small stores`;
  const name = `${coin} balance`;
  if (held < oneStore || coins.length === 0) return fail(name, detail, advice);
  return stores < STORES_MIN ? warn(name, detail, advice) : pass(name, detail);
}

/** One registration of one byte for one epoch, as the gateway would sign it; nothing is executed. */
async function simulateRegister(
  { chain, sui, codec }: WalletPorts,
  system: SystemState,
  sender: string,
  coins: { readonly sui: readonly Coin[]; readonly wal: readonly Coin[] },
): Promise<Check> {
  const metadata = codec.metadata(new Uint8Array(1), system.shardCount);
  const encodedBytes = encodedBlobBytes(1, system.shardCount);
  const epoch = await chain.readSuiEpoch();
  if (!metadata.ok || !encodedBytes.ok || !epoch.ok) {
    return fail("simulation", failureText(epoch), "the RPC node does not tell its epoch");
  }
  const { storageFrost, writeFrost } = registrationCost(encodedBytes.value, 1, system.prices);
  const { blobId, rootHash } = metadata.value;
  const transaction = buildTransaction(
    {
      sender,
      gasCoins: coins.sui.slice(0, 1),
      gasBudgetMist: GAS_MIST,
      gasPriceMist: epoch.value.referenceGasPrice,
      expirationEpoch: epoch.value.epoch + TRANSACTION_EXPIRATION_EPOCHS,
      contract: system.contract,
    },
    {
      kind: "register",
      walCoins: coins.wal.slice(0, 1),
      registrations: [
        {
          storageFrost,
          writeFrost,
          blobId,
          rootHash,
          unencodedBytes: 1,
          encodedBytes: encodedBytes.value,
          epochs: 1,
          deletable: true,
        },
      ],
    },
  );
  try {
    const simulated = await sui.core.simulateTransaction({
      transaction: await transactionBytes(transaction),
      include: { effects: true },
    });
    const { status } = (simulated.Transaction ?? simulated.FailedTransaction).effects;
    if (status.success) {
      return pass(
        "simulation",
        `a registration would run and cost ${storageFrost + writeFrost} FROST`,
      );
    }
    const reason = JSON.stringify(status.error);
    return fail("simulation", `a registration would fail: ${reason}`, "the contract has changed");
  } catch (error) {
    const advice = "the RPC node refuses what the gateway would send";
    return fail("simulation", messageOf(error), advice);
  }
}
