import { describe, expect, test } from "vitest";
import { UPLOAD_ROW_BYTES_MAX } from "../../../shared/limits.ts";
import { SqlScratch } from "../../../workers/publisher/upload/scratch.ts";
import { UploadStore } from "../../../workers/publisher/upload/store.ts";
import { seededBytes } from "../../support/contents.ts";
import { memorySql } from "../../support/memory-sql.ts";

const ROW = UPLOAD_ROW_BYTES_MAX;

describe("scratch", () => {
  test("gives back any range of what was appended, over rows and sections", async () => {
    const scratch = new SqlScratch(memorySql());
    const long = seededBytes(2 * ROW + 1_000, 1);
    const other = seededBytes(500, 2);
    await scratch.append("columns.0", 0, long.slice(0, ROW + 7));
    await scratch.append("digests.0", 0, other);
    await scratch.append("columns.0", ROW + 7, long.slice(ROW + 7));
    const ranges = [
      [0, long.length],
      [ROW - 3, 20],
      [ROW, 7],
      [ROW + 6, 2],
      [2 * ROW + 900, 100],
      [17, 1],
    ] as const;
    for (const [offset, byteCount] of ranges) {
      const read = await scratch.read("columns.0", offset, byteCount);
      expect(Buffer.compare(read, long.subarray(offset, offset + byteCount))).toBe(0);
    }
    expect(await scratch.read("digests.0", 0, 500)).toEqual(other);
  });

  test("takes the same bytes again, and another instance reads them", async () => {
    const sql = memorySql();
    const bytes = seededBytes(ROW + 5, 3);
    for (let time = 0; time < 2; time++) await new SqlScratch(sql).append("a", 0, bytes);
    expect(await new SqlScratch(sql).read("a", 0, bytes.length)).toEqual(bytes);
  });

  test("never holds a row above the limit", async () => {
    const sql = memorySql();
    await new SqlScratch(sql).append("a", 0, seededBytes(3 * ROW + 1, 4));
    const [row] = sql.exec("SELECT max(length(bytes)) AS most FROM scratch");
    expect(row?.["most"]).toBe(ROW);
  });

  test("says so when a range is not there", async () => {
    const scratch = new SqlScratch(memorySql());
    await expect(scratch.read("a", 0, 1)).rejects.toThrow("expected 1 bytes at 0, got 0");
    await scratch.append("a", 0, seededBytes(10, 1));
    await expect(scratch.read("a", 5, 6)).rejects.toThrow("expected 6 bytes at 5, got 5");
    await expect(scratch.read("b", 0, 1)).rejects.toThrow("got 0");
  });

  test("is gone with the staged bytes", async () => {
    const sql = memorySql();
    const store = new UploadStore(sql);
    store.stage(0, seededBytes(10, 1));
    await store.scratch.append("a", 0, seededBytes(10, 1));
    store.unstage();
    expect([...sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'scratch%'")]).toEqual([]);
    await store.scratch.append("a", 0, seededBytes(3, 2));
    expect(await store.scratch.read("a", 0, 3)).toEqual(seededBytes(3, 2));
  });
});

test("staged bytes are read by ranges across rows", async () => {
  const store = new UploadStore(memorySql());
  const blob = seededBytes(2 * ROW + 30, 5);
  for (let row = 0; row * ROW < blob.length; row++) {
    store.stage(row, blob.slice(row * ROW, (row + 1) * ROW));
  }
  for (const [offset, byteCount] of [
    [0, 1],
    [ROW - 1, 2],
    [ROW, ROW],
    [10, 2 * ROW + 20],
  ] as const) {
    const read = await store.source.read(offset, byteCount);
    expect(Buffer.compare(read, blob.subarray(offset, offset + byteCount))).toBe(0);
  }
  expect(() => store.source.read(blob.length - 1, 2)).toThrow("expected 2 bytes");
});
