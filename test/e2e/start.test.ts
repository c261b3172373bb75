/** `npm start` and `npm run demo` as a user meets them. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { NetworkDescription, NetworkState } from "../devnet/network/network.ts";

const script = (name: string) => fileURLToPath(import.meta.resolve(`../../scripts/${name}.ts`));

const run = (name: string, ...flags: readonly string[]) =>
  spawn(process.execPath, [script(name), ...flags], { stdio: ["ignore", "pipe", "inherit"] });

const exitOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
  });

/** Parent and state of a process; `null` when there is none. */
function processOf(pid: number): { readonly parent: number; readonly state: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(parent), state };
  } catch {
    return null;
  }
}

/** Processes whose parent is `pid`. */
const childrenOf = (pid: number): number[] =>
  readdirSync("/proc")
    .map(Number)
    .filter((each) => each > 0 && processOf(each)?.parent === pid);

/** A process that has ended and waits for init to notice does not run. */
const isRunning = (pid: number): boolean => (processOf(pid)?.state ?? "Z") !== "Z";

describe("npm start", () => {
  test("prints one line when ready, stores, reads, runs the cron, and leaves no process", async () => {
    const child = run("start", "--port", "0", "--json", "--seed", "start-test");
    const exit = exitOf(child);
    const lines: string[] = [];
    const ready = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        lines.push(line);
        resolve(line);
      });
    });
    try {
      const description = JSON.parse(await ready) as NetworkDescription;
      const bytes = new Uint8Array(readFileSync(script("start")));
      const put = await fetch(`${description.publisher}/v1/blobs?epochs=2&permanent=true`, {
        method: "PUT",
        body: bytes,
      });
      const { newlyCreated } = (await put.json()) as {
        newlyCreated: { blobObject: { blobId: string } };
      };
      const { blobId } = newlyCreated.blobObject;
      // Anybody may store here, but only the token that is told may do what an operator does.
      const purge = (headers: Record<string, string>) =>
        fetch(`${description.publisher}/edge/v1/purge`, {
          method: "POST",
          body: JSON.stringify({ blobId }),
          headers,
        });
      expect((await purge({})).status).toBe(401);
      const authorization = `Bearer ${description.tokens["admin"]}`;
      expect((await purge({ authorization })).status).toBe(200);
      const read = await fetch(`${description.aggregator}/v1/blobs/${blobId}`);
      expect(new Uint8Array(await read.arrayBuffer())).toEqual(bytes);
      const cron = await fetch(`${description.rpc}/admin/cron`, { method: "POST" });
      expect(await cron.json()).toEqual({ outcome: "ok" });
      const state = (await (await fetch(`${description.rpc}/admin/state`)).json()) as NetworkState;
      expect(state.laneViolations).toEqual([]);
      expect(state.moveCalls["system::extend_blob"]).toBe(1);
      expect(lines.length).toBe(1);
    } finally {
      const children = childrenOf(child.pid ?? 0);
      expect(children.length).toBeGreaterThan(0);
      child.kill("SIGINT");
      expect(await exit).toBe(0);
      await expect.poll(() => children.filter(isRunning), { timeout: 30_000 }).toEqual([]);
    }
  });
});

describe("npm run demo", () => {
  test("ends with 0 after store, read and renew", async () => {
    const child = run("demo");
    let table = "";
    child.stdout.on("data", (chunk: Buffer) => {
      table += chunk.toString();
    });
    expect(await exitOf(child)).toBe(0);
    for (const step of ["store", "read", "read again", "next epoch", "renew"]) {
      expect(table).toMatch(new RegExp(`^${step} +\\d+ ms`, "m"));
    }
  });
});
