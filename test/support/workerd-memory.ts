/**
 * Resident memory of the workerd processes that this process has started, as the kernel counts it.
 *
 * An upper bound of what an isolate holds: code, heaps with their garbage, WebAssembly, buffers of
 * the network and of SQLite, and all Workers of one Miniflare together.
 */
import { readdirSync, readFileSync } from "node:fs";

const SAMPLE_MS = 20;

/** The platform's limit of an isolate, which V8 is told there and not by local workerd: MiB. */
const ISOLATE_MIB = 128;
const BYTES_PER_KIB = 1024;

/**
 * Tells V8 of every workerd that starts from here on how large a heap the platform would let it
 * have. Untold it takes the machine for its own: the room for young objects grows to several times
 * what lives in it, and dead objects stay until there are some 100 MiB of them.
 */
export function limitHeapsAsThePlatform(): void {
  process.env["MINIFLARE_WORKERD_V8_FLAGS"] = `--max-heap-size=${ISOLATE_MIB}`;
}

/** Resident bytes of all workerd children now. */
export function workerdBytes(): number {
  return workerdProcesses().reduce((total, pid) => total + residentBytes(pid), 0);
}

/** Runs `work` and returns the most resident bytes meanwhile. */
export async function peakWorkerdBytes(work: () => Promise<void>): Promise<number> {
  let peak = workerdBytes();
  const sampling = setInterval(() => {
    peak = Math.max(peak, workerdBytes());
  }, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  return peak;
}

function workerdProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const status = statusOf(pid);
      return /^Name:\s+workerd/m.test(status) && fieldOf(status, "PPid") === process.pid;
    });
}

function residentBytes(pid: number): number {
  return fieldOf(statusOf(pid), "VmRSS") * BYTES_PER_KIB;
}

function fieldOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
}

/** Empty for a process that has ended. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
