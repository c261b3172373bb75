/** A desk over tables in memory: what it holds, and what is left when it has died. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Codec } from "../../../shared/codec/index.ts";
import { ISOLATE_WORKING_SET_BYTES } from "../../../shared/limits.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { DeskEngine } from "../../../workers/publisher/desk/engine.ts";
import { UploadStore } from "../../../workers/publisher/upload/store.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { memorySql } from "../../support/memory-sql.ts";
import { VirtualTime } from "./virtual-time.ts";

const SHARD_COUNT = 13;
const BOUNDARY = "walrus-edge";
let codec: Codec;

beforeAll(async () => {
  codec = await loadCodec();
});

/** One object in its isolate, in one life after the other. */
class DeskObject {
  readonly memory = new WorkingMemory(ISOLATE_WORKING_SET_BYTES);
  alarmAtMs: number | null = null;
  #sql = memorySql();

  live(): DeskEngine {
    const life = {};
    const time = new VirtualTime();
    const store = new UploadStore({ exec: (...args) => this.#sql.exec(...args) });
    const { memory } = this;
    return new DeskEngine({
      name: "desk",
      store,
      storage: {
        setAlarm: async (atMs) => {
          this.alarmAtMs = atMs;
        },
        deleteAll: async () => {
          this.#sql = memorySql();
          this.alarmAtMs = null;
        },
      },
      clock: time,
      encode: () => ({
        codec,
        timer: time,
        memory,
        life,
        stagedRows: (byteCount) => store.stagedRows(byteCount),
      }),
      relay: () => {
        throw new TypeError("Cannot relay: not here");
      },
      sha256: async () => new Uint8Array(32),
      pipe: () => new TransformStream<Uint8Array, Uint8Array>(),
      background: () => undefined,
    });
  }

  /** Rows of bodies that are held. */
  get rowCount(): number {
    const [table] = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'staged'").toArray();
    if (table === undefined) return 0;
    return Number(this.#sql.exec("SELECT count(*) AS n FROM staged").toArray()[0]?.["n"]);
  }
}

const bodyOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]).stream();

function form(): Uint8Array<ArrayBuffer> {
  const head = 'Content-Disposition: form-data; name="a.txt"; filename="a.txt"';
  const text = `--${BOUNDARY}\r\n${head}\r\n\r\nhello\r\n--${BOUNDARY}--\r\n`;
  return Uint8Array.from(new TextEncoder().encode(text));
}

const takeForm = (desk: DeskEngine) =>
  desk.takeForm(
    {
      bounds: { bytesMax: 1_000, declaredBytes: null },
      boundary: BOUNDARY,
      shardCount: SHARD_COUNT,
      quiltBytesMax: 1_000_000,
    },
    bodyOf(form()),
  );

describe("a body that is measured", () => {
  test("leaves nothing behind", async () => {
    const object = new DeskObject();
    const bounds = { bytesMax: 1_000, declaredBytes: 500 };
    const job = { bounds, shardCount: SHARD_COUNT };
    const measured = await object.live().measure(job, bodyOf(seededBytes(500, 1)));
    expect(measured).toMatchObject({ ok: true, value: { byteCount: 500 } });
    expect([object.rowCount, object.alarmAtMs, object.memory.bytesTaken]).toEqual([0, null, 0]);
  });

  test("leaves nothing behind when it is too long", async () => {
    const object = new DeskObject();
    const job = { bounds: { bytesMax: 499, declaredBytes: null }, shardCount: SHARD_COUNT };
    const measured = await object.live().measure(job, bodyOf(seededBytes(500, 1)));
    expect(measured).toEqual({ ok: false, failure: { kind: "body-too-large", bytesMax: 499 } });
    expect([object.rowCount, object.alarmAtMs]).toEqual([0, null]);
  });
});

describe("a form", () => {
  test("stays until it is cleared, and its alarm would clear it", async () => {
    const object = new DeskObject();
    const desk = object.live();
    expect(await takeForm(desk)).toMatchObject({ ok: true, value: { formBytes: form().length } });
    expect(object.rowCount).toBe(1);
    expect(object.alarmAtMs).toBeGreaterThan(0);
    await desk.alarm();
    expect([object.rowCount, object.alarmAtMs]).toEqual([0, null]);
    await expect(desk.quilt()).rejects.toThrow("this desk has no form");
  });

  test("whose desk has died is not there in its next life, and holds no memory once that is cleared", async () => {
    const object = new DeskObject();
    const dead = object.live();
    await takeForm(dead);
    // Nobody reads it, and nobody gives back what it holds.
    await dead.quilt();
    expect(object.memory.bytesTaken).toBeGreaterThan(0);
    const next = object.live();
    await expect(next.quilt()).rejects.toThrow("this desk has no form");
    await next.clear();
    expect([object.rowCount, object.memory.bytesTaken]).toEqual([0, 0]);
  });
});
