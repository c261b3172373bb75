/**
 * Bytes between ports and kernel memory, in pieces, so that a transfer never needs memory of its
 * own size. A port that gives another number of bytes than asked for is a bug of the port.
 */
import { freeBytes } from "../../bytes/arrays.ts";
import { REQUESTS_IN_FLIGHT_MAX } from "../../limits.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { ExternalPlan } from "./plan.ts";
import type { ExternalPorts } from "./ports.ts";

/** Transfers that wait for a port side by side: as many as the platform lets an invocation have. */
export const TRANSFERS_TOGETHER: number = REQUESTS_IN_FLIGHT_MAX;

/**
 * Runs `transfer` for 0 … count - 1, a few at a time. A failure ends it once those beside it have
 * ended, so that none of them touches memory that was given back.
 */
export async function transferAll(
  count: number,
  transfer: (index: number) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < count; first += TRANSFERS_TOGETHER) {
    const length = Math.min(TRANSFERS_TOGETHER, count - first);
    const ends = await Promise.allSettled(
      Array.from({ length }, (_, index) => transfer(first + index)),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}

/** Reads bytes of the blob to `address`; what lies past its end stays as it is. */
export async function loadBlob(
  kernel: Kernel,
  { unencodedBytes, pieceBytes }: ExternalPlan,
  { source }: ExternalPorts,
  address: number,
  offset: number,
  byteCount: number,
): Promise<void> {
  const count = Math.max(0, Math.min(byteCount, unencodedBytes - offset));
  for (let done = 0; done < count; done += pieceBytes) {
    const bytes = Math.min(pieceBytes, count - done);
    const piece = exactly(await source.read(offset + done, bytes), bytes);
    kernel.write(address + done, piece);
    freeBytes(piece);
  }
}

/** Reads bytes of a section to `address`. */
export async function loadSection(
  kernel: Kernel,
  { pieceBytes }: ExternalPlan,
  { scratch }: ExternalPorts,
  address: number,
  section: string,
  offset: number,
  byteCount: number,
): Promise<void> {
  for (let done = 0; done < byteCount; done += pieceBytes) {
    const bytes = Math.min(pieceBytes, byteCount - done);
    const piece = exactly(await scratch.read(section, offset + done, bytes), bytes);
    kernel.write(address + done, piece);
    freeBytes(piece);
  }
}

/** Appends kernel memory to a section. */
export async function appendSection(
  kernel: Kernel,
  { pieceBytes }: ExternalPlan,
  { scratch }: ExternalPorts,
  section: string,
  offset: number,
  address: number,
  byteCount: number,
): Promise<void> {
  for (let done = 0; done < byteCount; done += pieceBytes) {
    const bytes = Math.min(pieceBytes, byteCount - done);
    const piece = kernel.read(address + done, bytes);
    await scratch.append(section, offset + done, piece);
    freeBytes(piece);
  }
}

/** `bytes`, when there are as many as asked for. */
export function exactly(bytes: Uint8Array, byteCount: number): Uint8Array {
  if (bytes.length !== byteCount) {
    throw new TypeError(`Cannot read: expected ${byteCount} bytes, got ${bytes.length}`);
  }
  return bytes;
}
