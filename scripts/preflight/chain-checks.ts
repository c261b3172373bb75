/** What the Sui RPC node and the Walrus contract must be like. Reads only. */
import type { SuiGrpcClient } from "@mysten/sui/grpc";
import { faultyShardCount } from "../../shared/protocol/quorum.ts";
import { registrationCost } from "../../shared/protocol/price.ts";
import type { Result } from "../../shared/result.ts";
import type { Chain, ChainFailure, SystemState } from "../../shared/sui/chain.ts";
import { type Check, fail, pass, warn } from "./check.ts";

/** How far the ledger's clock may be from ours: spend caps and token ages go by it. */
const CLOCK_SKEW_MS_MAX = 60_000;
const OTHER_RPC = "set SUI_RPC_URL to a full node that answers gRPC-web";
const MIB = 1024 * 1024;

/** The node answers, its clock is right, and it remembers long enough. */
export async function checkRpc(sui: SuiGrpcClient, nowMs: number): Promise<readonly Check[]> {
  try {
    const { response } = await sui.ledgerService.getServiceInfo({});
    const { chainId = "unknown", epoch = 0n, server = "unknown" } = response;
    const reachable = pass("rpc", `chain ${chainId}, Sui epoch ${epoch}, ${server}`);
    const ledgerMs = Number(response.timestamp?.seconds ?? 0n) * 1_000;
    const oldest = response.lowestAvailableCheckpoint ?? 0n;
    return [reachable, checkClock(ledgerMs, nowMs), await checkRetention(sui, epoch, oldest)];
  } catch (error) {
    return [fail("rpc", `no answer: ${messageOf(error)}`, OTHER_RPC)];
  }
}

function checkClock(ledgerMs: number, nowMs: number): Check {
  const seconds = Math.round((nowMs - ledgerMs) / 1_000);
  return Math.abs(nowMs - ledgerMs) <= CLOCK_SKEW_MS_MAX
    ? pass("clock", `the latest checkpoint is ${seconds} s old`)
    : fail(
        "clock",
        `the latest checkpoint is ${seconds} s old`,
        `the node is behind: ${OTHER_RPC}`,
      );
}

/**
 * A transaction may run until the end of the next Sui epoch, so its effects must be found that long;
 * otherwise its fate is only known when it can no longer run.
 */
async function checkRetention(sui: SuiGrpcClient, epoch: bigint, oldest: bigint): Promise<Check> {
  const needed = await firstCheckpoint(sui, epoch > 0n ? epoch - 1n : 0n);
  const current = await firstCheckpoint(sui, epoch);
  const detail = `oldest checkpoint ${oldest}, the epoch before this one began at ${needed ?? "?"}`;
  if (needed !== null && oldest <= needed) return pass("retention", detail);
  if (current !== null && oldest <= current) {
    return warn("retention", detail, "lost replies may take until the next epoch to be resolved");
  }
  return fail("retention", detail, "the node forgets transactions within an epoch: use another");
}

async function firstCheckpoint(sui: SuiGrpcClient, epoch: bigint): Promise<bigint | null> {
  try {
    const readMask = { paths: ["first_checkpoint"] };
    const { response } = await sui.ledgerService.getEpoch({ epoch, readMask });
    return response.epoch?.firstCheckpoint ?? null;
  } catch {
    return null;
  }
}

/** The contract can be read: package, prices, epoch and committee. */
export async function checkSystem(
  chain: Chain,
): Promise<{ readonly checks: readonly Check[]; readonly system: SystemState | null }> {
  const system = await chain.readSystem({ fresh: true });
  if (!system.ok) {
    const advice =
      "check SYSTEM_OBJECT_ID and STAKING_OBJECT_ID: testnet is wiped from time to time";
    return { checks: [fail("contract", failureText(system), advice)], system: null };
  }
  const { contract, prices, epoch, timing, shardCount, current, maxEpochsAhead } = system.value;
  const weight = current.members.reduce((sum, { shardIndices }) => sum + shardIndices.length, 0);
  const cost = registrationCost(MIB, 1, prices);
  const checks = [
    pass("contract", `package ${contract.packageId}, types of ${contract.originalPackageId}`),
    cost.totalFrost > 0n
      ? pass(
          "prices",
          `${cost.storageFrost} FROST a MiB and epoch, ${cost.writeFrost} a MiB written`,
        )
      : warn("prices", "storage costs nothing", "this is not how a public network is"),
    timing.phase.kind === "change-sync"
      ? warn("epoch", `${epoch}, and it is changing`, "try again in a few minutes")
      : pass("epoch", `${epoch}, up to ${maxEpochsAhead} ahead`),
    weight === shardCount
      ? pass(
          "committee",
          `${current.members.length} nodes, ${shardCount} shards, f = ${faultyShardCount(shardCount)}`,
        )
      : fail("committee", `${weight} of ${shardCount} shards have an owner`, OTHER_RPC),
  ];
  return { checks, system: system.value };
}

/** A failed answer in words. */
export function failureText(answer: Result<unknown, ChainFailure>): string {
  if (answer.ok) return "answered";
  const { failure } = answer;
  return "detail" in failure ? `${failure.kind}: ${failure.detail}` : failure.kind;
}

/** What was thrown, in one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\\n")[0] ?? "";
}
