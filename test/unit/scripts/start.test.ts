/** The command line of `npm start`, as far as it needs nothing to run. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { listen } from "../../devnet/listen.ts";

const SCRIPT = fileURLToPath(import.meta.resolve("../../../scripts/start.ts"));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...flags: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [SCRIPT, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

describe("npm start", () => {
  test("--help lists every flag", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    for (const flag of [
      "port",
      "nodes",
      "shards",
      "seed",
      "latency",
      "event-lag-ms",
      "state",
      "epoch-seconds",
      "allow-few-nodes",
      "json",
    ]) {
      expect(stdout).toContain(`--${flag}`);
    }
  });

  test("refuses an unknown flag and a value that is no number, with the usage", async () => {
    const unknown = await run("--bogus");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("--bogus");
    expect(unknown.stderr).toContain("Usage: npm start");
    const text = await run("--nodes", "many");
    expect(text.code).toBe(2);
    expect(text.stderr).toContain('--nodes takes a whole number, got "many"');
  });

  test("names a port that is taken", async () => {
    const holder = createServer();
    const port = await listen(holder, 0);
    try {
      const { code, stderr } = await run("--port", String(port));
      expect(code).toBe(1);
      expect(stderr.trim()).toBe(`Cannot listen on 127.0.0.1:${port}: the port is taken`);
    } finally {
      holder.close();
    }
  });
});
