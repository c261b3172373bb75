/**
 * BCS layouts of the Walrus objects we read, in wire order. Data only.
 *
 * Sources: Move `system.move`, `system_state_inner.move`, `bls_aggregate.move`,
 * `storage_accounting.move`, `event_blob.move`, `staking.move`, `staking_inner.move`,
 * `staking_pool.move`, `blob.move`, `storage_resource.move`, `shared_blob.move`. `UID` and `ID` are 32 bytes; `Balance`,
 * `Element` and `ExtendedField` serialise as their one inner field.
 */
import { bcs } from "@mysten/bcs";
import { toHex } from "../bytes/text.ts";

/** 32 bytes as `0x` and 64 lowercase hex digits. */
const objectId = bcs.bytes(32).transform({
  name: "ID",
  input: (text: string) => Uint8Array.from({ length: 32 }, (_, i) => hexByte(text, i)),
  output: (bytes) => `0x${toHex(bytes)}`,
});

function hexByte(text: string, index: number): number {
  return Number.parseInt(text.slice(2 + index * 2, 4 + index * 2), 16);
}

const u64 = bcs.u64().transform({
  name: "u64",
  input: (value: bigint) => value,
  output: (text) => BigInt(text),
});

const byteVector = bcs.byteVector();

/** `system::System` and `staking::Staking`: the fixed outer object of a versioned state. */
export const VersionedOuter = bcs.struct("Versioned", {
  id: objectId,
  version: u64,
  packageId: objectId,
  newPackageId: bcs.option(objectId),
});

const BlsCommitteeMember = bcs.struct("BlsCommitteeMember", {
  publicKey: byteVector,
  weight: bcs.u16(),
  nodeId: objectId,
});

const BlsCommittee = bcs.struct("BlsCommittee", {
  members: bcs.vector(BlsCommitteeMember),
  shardCount: bcs.u16(),
  epoch: bcs.u32(),
  totalAggregatedKey: byteVector,
});

const FutureAccounting = bcs.struct("FutureAccounting", {
  epoch: bcs.u32(),
  usedCapacity: u64,
  rewardsToDistribute: u64,
});

const EventBlob = bcs.struct("EventBlob", { blobId: bcs.bytes(32), endingCheckpoint: u64 });

export const SystemStateInnerV1 = bcs.struct("SystemStateInnerV1", {
  committee: BlsCommittee,
  totalCapacityBytes: u64,
  usedCapacityBytes: u64,
  storagePricePerUnit: u64,
  writePricePerUnit: u64,
  futureAccounting: bcs.struct("FutureAccountingRingBuffer", {
    currentIndex: bcs.u32(),
    length: bcs.u32(),
    ring: bcs.vector(FutureAccounting),
  }),
  eventBlobs: bcs.struct("EventBlobCertificationState", {
    latest: bcs.option(EventBlob),
    aggregateWeights: bcs.vector(bcs.tuple([EventBlob, bcs.u16()])),
  }),
  denyListSizes: objectId,
});

/** VecMap from node ID to shard indices, sorted by node ID. */
const StakingCommittee = bcs.vector(bcs.tuple([objectId, bcs.vector(bcs.u16())]));

export const StakingInnerV1 = bcs.struct("StakingInnerV1", {
  shardCount: bcs.u16(),
  epochDurationMs: u64,
  firstEpochStartMs: u64,
  pools: bcs.struct("ObjectTable", { id: objectId, size: u64 }),
  epoch: bcs.u32(),
  activeSet: objectId,
  nextCommittee: bcs.option(StakingCommittee),
  committee: StakingCommittee,
  previousCommittee: StakingCommittee,
  nextEpochParameters: bcs.option(
    bcs.struct("EpochParams", { capacity: u64, storagePrice: u64, writePrice: u64 }),
  ),
  epochState: bcs.enum("EpochState", {
    EpochChangeSync: bcs.u16(),
    EpochChangeDone: u64,
    NextParamsSelected: u64,
  }),
  nextEpochPublicKeys: objectId,
});

/** The beginning of `staking_pool::StakingPool`, up to what a client needs; the rest is not read. */
export const StakingPoolHead = bcs.struct("StakingPool", {
  id: objectId,
  state: bcs.enum("PoolState", { Active: null, Withdrawing: bcs.u32(), Withdrawn: null }),
  votingParameters: bcs.struct("VotingParams", {
    storagePrice: u64,
    writePrice: u64,
    nodeCapacity: u64,
  }),
  nodeInfo: bcs.struct("StorageNodeInfo", {
    name: bcs.string(),
    nodeId: objectId,
    networkAddress: bcs.string(),
    publicKey: byteVector,
    nextEpochPublicKey: bcs.option(byteVector),
    networkPublicKey: byteVector,
    metadata: objectId,
  }),
});

export const Storage = bcs.struct("Storage", {
  id: objectId,
  startEpoch: bcs.u32(),
  endEpoch: bcs.u32(),
  storageBytes: u64,
});

export const Blob = bcs.struct("Blob", {
  id: objectId,
  registeredEpoch: bcs.u32(),
  blobId: bcs.bytes(32),
  unencodedBytes: u64,
  encodingType: bcs.u8(),
  certifiedEpoch: bcs.option(bcs.u32()),
  storage: Storage,
  deletable: bcs.bool(),
});

export const SharedBlob = bcs.struct("SharedBlob", { id: objectId, blob: Blob, funds: u64 });

/** The inner state is a dynamic field of its outer object, under its `u64` version. */
export const SystemField = bcs.struct("Field", {
  id: objectId,
  name: u64,
  value: SystemStateInnerV1,
});

/** As `SystemField`, of the Staking object. */
export const StakingField = bcs.struct("Field", { id: objectId, name: u64, value: StakingInnerV1 });
