/** When an upload begins: at once for a client that waits, behind the answer for one that does not. */
import { describe, expect, test } from "vitest";
import { UPLOAD_HEAD_START_MS } from "../../../shared/limits.ts";
import { UploadCarrier } from "../../../workers/publisher/upload/carrier.ts";
import { UploadStore } from "../../../workers/publisher/upload/store.ts";
import { memorySql } from "../../support/memory-sql.ts";
import { uploadRequest } from "../../support/upload-request.ts";

const BOUNDS = { bytesMax: 100, declaredBytes: 3 };

function world() {
  const alarms: number[] = [];
  let runs = 0;
  const quiet = () => undefined;
  const carrier = new UploadCarrier({
    store: new UploadStore(memorySql()),
    storage: {
      setAlarm: (atMs) => Promise.resolve(void alarms.push(atMs)),
      sync: () => Promise.resolve(),
      deleteAll: () => Promise.resolve(),
    },
    clock: { nowMs: () => 1_000 },
    log: { info: quiet, warn: quiet, error: quiet },
    run: () => {
      runs++;
      throw new Error("the platform has stopped it");
    },
    reportEnd: quiet,
    recordOrphan: () => Promise.resolve(),
    releaseToken: () => Promise.resolve(),
  });
  const store = (waits: boolean) =>
    carrier.store(uploadRequest({ waits }), BOUNDS, new Blob(["abc"]).stream());
  return { carrier, store, alarms, runs: () => runs };
}

describe("an upload", () => {
  test("nobody waits for is durable before anything of it is begun; its alarm begins it", async () => {
    const { carrier, store, alarms, runs } = world();
    expect(await store(false)).toMatchObject({ ok: true, value: { state: "running" } });
    expect(runs()).toBe(0);
    expect(alarms).toEqual([1_000 + UPLOAD_HEAD_START_MS]);
    await carrier.alarm();
    expect(runs()).toBe(1);
  });

  test("somebody waits for is begun by the call", async () => {
    const { store, runs } = world();
    await store(true);
    expect(runs()).toBe(1);
  });

  test("that has not begun is begun by a repetition that waits", async () => {
    const { store, runs } = world();
    await store(false);
    await store(true);
    expect(runs()).toBe(1);
  });
});
