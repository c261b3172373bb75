/**
 * Checks of the contract that no transaction on a healthy network can fail: books are damaged by
 * hand to see that the rules would notice.
 */
import { describe, expect, test } from "vitest";
import type { SystemContext } from "../../../devnet/ledger/move.ts";
import {
  stakingInnerMut,
  systemInnerMut,
} from "../../../devnet/walrus-contract/functions/system-inner.ts";
import { stakingWorld } from "../../../devnet/walrus-contract/functions/world.ts";
import { LOCAL_ADDRESSES } from "../../../devnet/walrus-contract/operations.ts";
import { joinBalance, mapInsert } from "../../../devnet/walrus-contract/rules/balance.ts";
import { newBlsCommittee } from "../../../devnet/walrus-contract/rules/certificate.ts";
import { advancePool, stake } from "../../../devnet/walrus-contract/rules/pool.ts";
import {
  advanceSystem,
  nextBlsCommittee,
  poolMut,
  votingEnd,
} from "../../../devnet/walrus-contract/rules/staking.ts";
import { type PoolHandle, removeBlob } from "../../../devnet/walrus-contract/rules/storage-pool.ts";
import { createStorage } from "../../../devnet/walrus-contract/rules/storage.ts";
import type {
  EpochParams,
  StakingInner,
  StakingPool,
  SystemInner,
  VersionedObject,
} from "../../../devnet/walrus-contract/values.ts";
import { abortOf, DAY_MS, START_MS, startWorld, testNode } from "./support.ts";

const PARAMS: EpochParams = {
  total_capacity_size: 1n,
  storage_price_per_unit_size: 1n,
  write_price_per_unit_size: 1n,
};

interface Books {
  readonly context: SystemContext;
  readonly world: ReturnType<typeof stakingWorld>;
  readonly staking: StakingInner;
  readonly system: SystemInner;
  readonly pool: StakingPool;
}

function abortWith(body: (books: Books) => void): string {
  return abortOf(startWorld(), (context, objects) => {
    const world = stakingWorld(context, LOCAL_ADDRESSES.walrusOriginal);
    const staking = stakingInnerMut(context, objects.staking as VersionedObject);
    const system = systemInnerMut(context, objects.system as VersionedObject);
    const pool = poolMut(world, staking, testNode(0).nodeId);
    body({ context, world, staking, system, pool });
  });
}

describe("damaged books", () => {
  test("EIncorrectCommittee, EInvalidAccountingEpoch (system_state_inner.move::advance_epoch)", () => {
    const skipped = abortWith(({ world, system }) => {
      advanceSystem(world, system, newBlsCommittee(3, system.committee.members), PARAMS);
    });
    expect(skipped).toBe("system_state_inner::EIncorrectCommittee (4)");
    const shifted = abortWith(({ world, system }) => {
      system.future_accounting.current_index += 1;
      advanceSystem(world, system, newBlsCommittee(2, system.committee.members), PARAMS);
    });
    expect(shifted).toBe("system_state_inner::EInvalidAccountingEpoch (5)");
  });

  test("EIncorrectNodeOrder, ECommitteeSelected (staking_inner.move)", () => {
    const due = BigInt(START_MS + DAY_MS);
    const swapped = abortWith(({ world, staking }) => {
      votingEnd(world, staking, due);
      staking.next_committee?.pos0.contents.reverse();
      nextBlsCommittee(world, staking);
    });
    expect(swapped).toBe("staking_inner::EIncorrectNodeOrder (10)");
    const selected = abortWith(({ world, staking }) => {
      staking.next_committee = staking.committee;
      votingEnd(world, staking, due);
    });
    expect(selected).toBe("staking_inner::ECommitteeSelected (5)");
  });

  test("EPoolAlreadyUpdated, EIncorrectEpochAdvance, EPoolIsNotActive, EInvalidRate", () => {
    const twice = abortWith(({ world, pool }) => advancePool(world, pool, { value: 0n }, 1));
    expect(twice).toBe("staking_pool::EPoolAlreadyUpdated (0)");
    const empty = abortWith(({ world, pool }) => {
      pool.wal_balance = 0n;
      advancePool(world, pool, { value: 1n }, 2);
    });
    expect(empty).toBe("staking_pool::EIncorrectEpochAdvance (2)");
    const inactive = abortWith(({ pool }) => {
      stake({ ...pool, state: { $kind: "Withdrawn" } }, 1n, 2);
    });
    expect(inactive).toBe("staking_pool::EPoolIsNotActive (6)");
    const rate = abortWith(({ world, pool }) => {
      pool.num_shares = pool.wal_balance + 1n;
      advancePool(world, pool, { value: 0n }, 2);
    });
    expect(rate).toBe("pool_exchange_rate::EInvalidRate (0)");
  });

  test("EInvalidBlobSize, EInvalidBlobCount (storage_pool.move::remove_blob)", () => {
    const removeFrom = (books: Partial<PoolHandle["inner"]>) => {
      const blob = { unencoded_size: 1n, encoding_type: 1 };
      const handle = { inner: books, blob: () => blob, take: () => blob } as unknown as PoolHandle;
      return abortWith(() => removeBlob(handle, 1n, 100));
    };
    const all = 10n ** 9n;
    expect(removeFrom({ used_encoded_bytes: 0n, blob_count: 1n })).toBe(
      "storage_pool::EInvalidBlobSize (8)",
    );
    expect(removeFrom({ used_encoded_bytes: all, blob_count: 0n })).toBe(
      "storage_pool::EInvalidBlobCount (9)",
    );
  });

  test("EInvalidEpochRange (storage_resource.move::create_storage)", () => {
    const abort = abortWith(({ context }) => createStorage(context, 2, 2, 1n));
    expect(abort).toBe("storage_resource::EInvalidEpochRange (3)");
  });

  test("EOverflow (balance.move), EKeyAlreadyExists (vec_map.move)", () => {
    const overflow = abortWith(() => joinBalance({ value: 2n ** 64n - 1n }, { value: 1n }));
    expect(overflow).toBe("balance::EOverflow (1)");
    const map = { contents: [{ key: "a", value: 1 }] };
    expect(abortWith(() => mapInsert(map, "a", 2))).toBe("vec_map::EKeyAlreadyExists (0)");
  });
});
