/** Contents the tests store: sizes at the codec's edges, and real media files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { seededBytes } from "./seeded-bytes.ts";

export { seededBytes };

/** A real file of `test/vectors/media`. */
export function mediaFile(name: "picture.png" | "clip.mp4"): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(import.meta.dirname, "../vectors/media", name)));
}

/** Every content of the interop suite by name. */
export function interopContents(): Record<string, Uint8Array<ArrayBuffer>> {
  return {
    "0 B": new Uint8Array(0),
    "1 B": seededBytes(1, 1),
    "1 KiB": seededBytes(1024, 2),
    "1 MiB": seededBytes(1024 * 1024, 3),
    "10 MiB": seededBytes(10 * 1024 * 1024, 4),
    "a real PNG": mediaFile("picture.png"),
    "a real video": mediaFile("clip.mp4"),
  };
}
