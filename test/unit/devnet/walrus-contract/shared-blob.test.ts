import { describe, expect, test } from "vitest";
import { abortOf, call, certified, coin, ENCODED, run, startWorld, type World } from "./support.ts";

describe("shared blobs (shared_blob.move)", () => {
  test("anyone extends from the blob's own funds; what is over stays", () => {
    const world = startWorld();
    const { transaction } = run(world, (context, { system }) => {
      const blob = certified(context, system);
      call(context, "shared_blob::new_funded", blob, coin(context, 1_000n));
    });
    const id = created(transaction, world, "::shared_blob::SharedBlob");
    run(world, (context, { system }) => {
      const shared = context.mutateObject(id).value;
      call(context, "shared_blob::fund", shared, coin(context, 5n));
      call(context, "shared_blob::extend", shared, system, 2);
    });
    const units = (ENCODED + 1_048_575n) / 1_048_576n;
    expect(world.ledger.objectValue(id)?.value).toMatchObject({
      funds: { value: 1_005n - units * 5n * 2n },
      blob: { storage: { end_epoch: 6 } },
    });
  });

  test("ENotEnough: without funds no extension (balance.move)", () => {
    const world = startWorld();
    const { transaction } = run(world, (context, { system }) => {
      call(context, "shared_blob::new", certified(context, system));
    });
    const id = created(transaction, world, "::shared_blob::SharedBlob");
    const abort = abortOf(world, (context, { system }) =>
      call(context, "shared_blob::extend", context.mutateObject(id).value, system, 1),
    );
    expect(abort).toBe("balance::ENotEnough (2)");
  });
});

function created(
  transaction: ReturnType<typeof run>["transaction"],
  world: World,
  typeEnding: string,
): string {
  const ids = transaction.effects.changedObjects.map(([id]) => id);
  const found = ids.find((id) => world.ledger.object(id)?.type.endsWith(typeEnding));
  if (found === undefined) throw new TypeError(`Cannot find a new ${typeEnding}`);
  return found;
}
