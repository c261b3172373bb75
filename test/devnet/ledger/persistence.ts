/** Keeps a ledger's snapshot in a directory: written beside, then renamed, so never half. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LedgerSnapshot } from "./ledger.ts";

const FILE = "ledger.json";

/** Writes the snapshot atomically. */
export async function saveSnapshot(directory: string, snapshot: LedgerSnapshot): Promise<void> {
  await mkdir(directory, { recursive: true });
  const temporary = join(directory, `${FILE}.${process.pid}.tmp`);
  await writeFile(temporary, snapshot, { flush: true });
  await rename(temporary, join(directory, FILE));
}

/** The snapshot of an earlier run, or undefined when the directory holds none. */
export async function loadSnapshot(directory: string): Promise<LedgerSnapshot | undefined> {
  try {
    return await readFile(join(directory, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
