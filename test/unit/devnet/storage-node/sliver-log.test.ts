/** The store of a node: what goes in comes out, over restarts and crashes too. */
import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toBase64Url } from "../../../../shared/bytes/text.ts";
import { SliverLog } from "../../../devnet/storage-node/sliver-log.ts";

const A = toBase64Url(new Uint8Array(32).fill(1));
const B = toBase64Url(new Uint8Array(32).fill(2));
const bytes = (value: number, length = 100) => new Uint8Array(length).fill(value);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sliver-log-"));
  path = join(folder, "node.log");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("SliverLog", () => {
  test("keeps axes, pairs and blobs apart, in a nameless file", () => {
    const log = new SliverLog(null);
    log.writeMetadata(A, bytes(1));
    log.writeSliver(A, 3, "primary", bytes(2));
    log.writeSliver(A, 3, "secondary", bytes(3));
    log.writeSliver(B, 3, "primary", bytes(4));
    expect(log.readMetadata(A)).toEqual(bytes(1));
    expect(log.readSliver(A, 3, "primary")).toEqual(bytes(2));
    expect(log.readSliver(A, 3, "secondary")).toEqual(bytes(3));
    expect(log.readSliver(B, 3, "primary")).toEqual(bytes(4));
    expect(log.readSliver(A, 4, "primary")).toBe(null);
    expect(log.hasMetadata(B)).toBe(false);
    expect([...log.blobKeys()]).toEqual([A, B]);
    log.close();
  });

  test("is the same after a restart, drops included", () => {
    const first = new SliverLog(path);
    first.writeMetadata(A, bytes(1));
    first.writeSliver(A, 0, "primary", bytes(2));
    first.writeSliver(A, 1, "primary", bytes(3));
    first.dropSliver(A, 0, "primary");
    first.writeMetadata(B, bytes(4));
    first.drop(B);
    first.close();
    const second = new SliverLog(path);
    expect(second.readMetadata(A)).toEqual(bytes(1));
    expect(second.slivers(A)).toEqual([{ pairIndex: 1, axis: "primary" }]);
    expect(second.hasMetadata(B)).toBe(false);
    second.writeSliver(A, 0, "primary", bytes(5));
    expect(second.readSliver(A, 0, "primary")).toEqual(bytes(5));
    second.close();
  });

  test("cuts off a record that a crash left half written, and goes on after it", () => {
    const first = new SliverLog(path);
    first.writeSliver(A, 0, "primary", bytes(1));
    first.close();
    appendFileSync(path, new Uint8Array([2, 1, 1, 1]));
    const second = new SliverLog(path);
    expect(second.readSliver(A, 0, "primary")).toEqual(bytes(1));
    second.writeSliver(A, 1, "secondary", bytes(2));
    second.close();
    const third = new SliverLog(path);
    expect(third.readSliver(A, 1, "secondary")).toEqual(bytes(2));
    third.close();
  });

  test("gives the space of dropped blobs back once it is worth it", () => {
    const log = new SliverLog(path);
    log.writeSliver(B, 0, "primary", bytes(7));
    log.writeSliver(A, 0, "primary", bytes(1, 65 * 1024 * 1024));
    log.drop(A);
    expect(log.fileBytes).toBeLessThan(1_000);
    expect(statSync(path).size).toBe(log.fileBytes);
    expect(log.readSliver(B, 0, "primary")).toEqual(bytes(7));
    log.close();
  });
});
