/**
 * What a transaction leaves behind: new object versions, effects (version 2), events.
 *
 * Source: sui-types `effects/effects_v2.rs`; every list is ordered as it is there.
 */
import { bcs } from "@mysten/sui/bcs";
import { digestOf } from "./digests.ts";
import type { FailedCommand } from "./commands.ts";
import { CONGESTED_VERSION } from "./limits.ts";
import { coinBalance, coinContentType, ownerToBcs, sealObject, storageCost } from "./objects.ts";
import type { RunRequest } from "./run.ts";
import type { Change, Destination } from "./session.ts";
import type { Registry } from "./registry.ts";
import type {
  BalanceChange,
  EffectsV2,
  FailureDetails,
  GasSummary,
  LedgerEvent,
  LedgerObject,
  Owner,
  Variant,
} from "./types.ts";

type EffectsInput = Variant<Parameters<typeof bcs.TransactionEffects.serialize>[0], "V2">;

/** Everything a finished transaction writes and says. */
export interface Outcome {
  readonly writes: ReadonlyMap<string, LedgerObject | null>;
  readonly effects: EffectsV2;
  readonly effectsBytes: Uint8Array;
  readonly effectsDigest: string;
  readonly events: readonly LedgerEvent[];
  readonly eventsDigest: string | null;
  readonly balanceChanges: readonly BalanceChange[];
  readonly failure: FailureDetails | null;
  readonly objectTypes: Readonly<Record<string, string>>;
}

export interface OutcomeParts {
  readonly request: Pick<RunRequest, "registry" | "facts" | "inputs" | "payment" | "congested">;
  readonly changes: readonly Change[];
  readonly events: readonly LedgerEvent[];
  readonly gas: GasSummary;
  readonly failure: FailedCommand | null;
}

const EVENTS = bcs.vector(
  bcs.struct("Event", {
    packageId: bcs.Address,
    module: bcs.string(),
    sender: bcs.Address,
    type: bcs.StructTag,
    contents: bcs.byteVector(),
  }),
);

/** Version of a shared input of a cancelled transaction that is not itself congested. */
const CANCELLED_READ_VERSION = CONGESTED_VERSION - 1n;

export function buildOutcome(parts: OutcomeParts): Outcome {
  const { request, changes, gas, failure } = parts;
  const { txDigest } = request.facts;
  const inputObjects = [
    ...request.payment,
    ...request.inputs.flatMap((input) => (input.kind === "object" ? [input.object] : [])),
  ];
  const lamport = lamportVersion(inputObjects, changes);
  const outputs = new Map<string, LedgerObject | null>();
  for (const change of changes) {
    outputs.set(change.id, toObject(request.registry, change, lamport, txDigest));
  }
  const eventsDigest = digestEvents(parts.events);
  const gasIndex = changes.findIndex(({ id }) => id === request.payment[0]?.id);
  const input: EffectsInput = {
    status: statusOf(failure),
    executedEpoch: request.facts.suiEpoch,
    gasUsed: gas,
    transactionDigest: txDigest,
    gasObjectIndex: gasIndex === -1 ? null : gasIndex,
    eventsDigest,
    dependencies: [...new Set(inputObjects.map((object) => object.previousTransaction))].sort(),
    lamportVersion: lamport,
    changedObjects: changes.map((change) => [change.id, changeToBcs(change, outputs)] as const),
    unchangedConsensusObjects: unchangedConsensus(request, changes),
    auxDataDigest: null,
  };
  const effectsBytes = bcs.TransactionEffects.serialize(
    { V2: input },
    { maxSize: 2 ** 24 },
  ).toBytes();
  const effects = bcs.TransactionEffects.parse(effectsBytes).V2;
  if (effects === undefined || effects === null) throw new TypeError("Cannot read own effects");
  return {
    writes: outputs,
    effects,
    effectsBytes,
    effectsDigest: digestOf("TransactionEffects", effectsBytes),
    events: parts.events,
    eventsDigest,
    balanceChanges: balanceChanges(changes, outputs),
    failure: failure === null ? null : failureDetails(failure),
    objectTypes: Object.fromEntries(
      changes.flatMap(({ id, before, after }) => {
        const type = after?.type ?? before?.type;
        return type === undefined ? [] : [[id, type]];
      }),
    ),
  };
}

function failureDetails(failed: FailedCommand): FailureDetails {
  const { constantName } = failed.failure;
  return {
    description: failed.message,
    ...(constantName === undefined ? {} : { constantName }),
  };
}

function lamportVersion(inputs: readonly LedgerObject[], changes: readonly Change[]): bigint {
  let max = 0n;
  for (const { version } of inputs) if (version > max) max = version;
  for (const { before } of changes) {
    if (before !== null && before.version > max) max = before.version;
  }
  return max + 1n;
}

function toObject(
  registry: Registry,
  change: Change,
  version: bigint,
  txDigest: string,
): LedgerObject | null {
  const { after } = change;
  if (after === null) return null;
  return sealObject({
    id: change.id,
    version,
    owner: settle(after.owner, version),
    type: after.type,
    contents: after.contents,
    hasPublicTransfer: registry.abilities(after.type).has("store"),
    previousTransaction: txDigest,
    storageRebate: storageCost(after.type, after.contents),
  });
}

function settle(owner: Destination, version: bigint): Owner {
  return owner.kind === "new-shared" ? { kind: "shared", initialVersion: version } : owner;
}

function statusOf(failed: FailedCommand | null): EffectsInput["status"] {
  if (failed === null) return { Success: true };
  const command = failed.command === null ? null : BigInt(failed.command);
  return { Failure: { error: failed.failure.status, command } };
}

type UnchangedInput =
  EffectsInput["unchangedConsensusObjects"] extends Iterable<infer T> ? T : never;
type ChangeInput =
  EffectsInput["changedObjects"] extends Iterable<infer T>
    ? T extends readonly [unknown, infer C]
      ? C
      : never
    : never;

function changeToBcs(
  { id, before, operation }: Change,
  outputs: ReadonlyMap<string, LedgerObject | null>,
): ChangeInput {
  const after = outputs.get(id) ?? null;
  return {
    inputState:
      before === null
        ? { NotExist: true }
        : { Exist: [[before.version, before.digest], ownerToBcs(before.owner)] },
    outputState:
      after === null
        ? { NotExist: true }
        : { ObjectWrite: [after.digest, ownerToBcs(after.owner)] },
    idOperation:
      operation === "created"
        ? { Created: true }
        : operation === "deleted"
          ? { Deleted: true }
          : { None: true },
  };
}

function unchangedConsensus(
  request: OutcomeParts["request"],
  changes: readonly Change[],
): EffectsInput["unchangedConsensusObjects"] {
  const changed = new Set(changes.map(({ id }) => id));
  const congested = new Set(request.congested);
  return request.inputs.flatMap((input): UnchangedInput[] => {
    if (input.kind !== "object" || input.object.owner.kind !== "shared") return [];
    const { id, version, digest } = input.object;
    if (changed.has(id)) return [];
    if (congested.size === 0) {
      return [[id, { ReadOnlyRoot: [version, digest] as const }] as const];
    }
    const cancelled = congested.has(id) ? CONGESTED_VERSION : CANCELLED_READ_VERSION;
    return [[id, { Cancelled: cancelled }] as const];
  });
}

function digestEvents(events: readonly LedgerEvent[]): string | null {
  if (events.length === 0) return null;
  const bytes = EVENTS.serialize(
    events.map(({ packageId, module, sender, type, contents }) => {
      const tag = bcs.TypeTag.serialize(type).toBytes();
      return { packageId, module, sender, type: bcs.StructTag.parse(tag.subarray(1)), contents };
    }),
    { maxSize: 2 ** 26 },
  ).toBytes();
  return digestOf("TransactionEvents", bytes);
}

function balanceChanges(
  changes: readonly Change[],
  outputs: ReadonlyMap<string, LedgerObject | null>,
): BalanceChange[] {
  const totals = new Map<string, BalanceChange>();
  const add = (object: LedgerObject | null, sign: bigint): void => {
    const coinType = object === null ? undefined : coinContentType(object.type);
    if (object === null || coinType === undefined || object.owner.kind !== "address") return;
    const { address } = object.owner;
    const key = `${address} ${coinType}`;
    const amount = (totals.get(key)?.amount ?? 0n) + sign * coinBalance(object);
    totals.set(key, { address, coinType, amount });
  };
  for (const { id, before } of changes) {
    add(before, -1n);
    add(outputs.get(id) ?? null, 1n);
  }
  return [...totals.values()].filter(({ amount }) => amount !== 0n);
}
