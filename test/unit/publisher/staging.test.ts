import { describe, expect, test } from "vitest";
import { UPLOAD_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import { openJournal } from "../../../workers/publisher/upload/journal.ts";
import {
  countProgress,
  emptyProgress,
  withNode,
} from "../../../workers/publisher/upload/progress.ts";
import { stageBody } from "../../../workers/publisher/upload/stage.ts";
import { UploadStore } from "../../../workers/publisher/upload/store.ts";
import { seededBytes } from "../../support/contents.ts";
import { memorySql } from "../../support/memory-sql.ts";
import { uploadRequest } from "../../support/upload-request.ts";
import { chunkedStream } from "../../support/chunked-stream.ts";

const REQUEST = uploadRequest();

describe("staging a body", () => {
  test.each([0, 1, UPLOAD_ROW_BYTES_MAX, UPLOAD_ROW_BYTES_MAX + 1, 2 * UPLOAD_ROW_BYTES_MAX])(
    "%d bytes come back from rows within the limit",
    async (byteCount) => {
      const store = new UploadStore(memorySql());
      const bytes = seededBytes(byteCount, 7);
      const rowBytes: number[] = [];
      const staged = await stageBody(
        chunkedStream(bytes, 60_000),
        { bytesMax: byteCount, declaredBytes: byteCount },
        (rowIndex, row) => {
          rowBytes.push(row.length);
          store.stage(rowIndex, row);
        },
      );
      expect(staged).toEqual({ ok: true, value: byteCount });
      expect(Math.max(0, ...rowBytes)).toBeLessThanOrEqual(UPLOAD_ROW_BYTES_MAX);
      store.save(openJournal(REQUEST, byteCount, 0));
      expect(Buffer.compare(Buffer.concat([...store.stagedRows(byteCount)]), bytes)).toBe(0);
    },
  );

  test("a body at the limit is taken, one byte more is not", async () => {
    const bounds = { bytesMax: 100, declaredBytes: null };
    const write = () => undefined;
    expect((await stageBody(chunkedStream(new Uint8Array(100), 30), bounds, write)).ok).toBe(true);
    expect(await stageBody(chunkedStream(new Uint8Array(101), 30), bounds, write)).toEqual({
      ok: false,
      failure: { kind: "body-too-large", bytesMax: 100 },
    });
  });

  test.each([99, 101])(
    "a body that is not as long as declared (%d) is refused",
    async (declared) => {
      const bounds = { bytesMax: 1_000, declaredBytes: declared };
      const staged = await stageBody(
        chunkedStream(new Uint8Array(100), 30),
        bounds,
        () => undefined,
      );
      expect(staged).toEqual({
        ok: false,
        failure: { kind: "body-interrupted", receivedBytes: 100 },
      });
    },
  );

  test("a body that breaks off is refused", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      pull: (controller) => controller.error(new Error("gone")),
    });
    const staged = await stageBody(broken, { bytesMax: 100, declaredBytes: null }, () => undefined);
    expect(staged).toMatchObject({ failure: { kind: "body-interrupted" } });
  });
});

describe("the database of an upload", () => {
  test("an object that was only asked about stays empty", () => {
    const sql = memorySql();
    const store = new UploadStore(sql);
    expect(store.load()).toBeNull();
    expect(store.loadProgress()).toBeNull();
    expect([...sql.exec("SELECT name FROM sqlite_master")]).toEqual([]);
  });

  test("another instance finds the journal and the progress", () => {
    const sql = memorySql();
    const journal = openJournal(REQUEST, 3, 9);
    const progress = withNode(withNode(emptyProgress(12), 9, "failed"), 3, "confirmed");
    new UploadStore(sql).save(journal);
    new UploadStore(sql).saveProgress(progress);
    expect(new UploadStore(sql).load()).toEqual(journal);
    expect(new UploadStore(sql).loadProgress()).toEqual(progress);
  });

  test("refuses a row above the platform's comfort, and lost rows are noticed", () => {
    const store = new UploadStore(memorySql());
    expect(() => store.stage(0, new Uint8Array(UPLOAD_ROW_BYTES_MAX + 1))).toThrow(RangeError);
    store.stage(0, new Uint8Array(5));
    expect(() => [...store.stagedRows(6)]).toThrow(/expected 6 bytes, got 5/);
    store.unstage();
    expect(() => [...store.stagedRows(5)]).toThrow(/got 0/);
  });
});

test("a node that failed and confirms later counts once", () => {
  let progress = emptyProgress(3);
  progress = withNode(progress, 1, "failed");
  progress = withNode(progress, 1, "confirmed");
  expect(countProgress(progress)).toEqual({ nodes: 3, confirmed: 1, failed: 0, pending: 2 });
});
