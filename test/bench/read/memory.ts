/**
 * How much the Workers' process grows while something runs, from Linux's `/proc`.
 *
 * An upper bound: it holds all Workers and what Miniflare runs beside them.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** The workerd processes below this one. */
function workerds(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0)
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        return /^Name:\s+workerd/m.test(status) && parentOf(status) === process.pid;
      } catch {
        // Ended meanwhile.
        return false;
      }
    });
}

/** Highest growth of the largest workerd while `work` runs, in bytes. */
export async function growthDuring(work: () => Promise<void>): Promise<number> {
  const pids = workerds();
  const before = new Map(pids.map((pid) => [pid, kibOf(pid, "VmRSS")]));
  // Resets the high-water mark (`man 5 proc`).
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  await work();
  const growth = pids.map((pid) => kibOf(pid, "VmHWM") - (before.get(pid) ?? 0));
  return Math.max(0, ...growth) * 1024;
}

function kibOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN);
}

function parentOf(status: string): number {
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}
