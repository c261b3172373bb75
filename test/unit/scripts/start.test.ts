/** The command line of `npm start`, as far as it needs nothing to run. */
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { listen } from "../../devnet/listen.ts";
import { runScript } from "../../support/run-script.ts";

const run = (...flags: readonly string[]) => runScript("start", flags);

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

  test("names a port that is taken, and what to do", async () => {
    const holder = createServer();
    const port = await listen(holder, 0);
    try {
      const { code, stderr } = await run("--port", String(port));
      expect(code).toBe(1);
      expect(stderr.split("\n")).toEqual([
        `Cannot listen on 127.0.0.1:${port}: the port is taken`,
        "Stop what listens there, or choose other ports: npm start -- --port 9000",
        "",
      ]);
    } finally {
      holder.close();
    }
  });
});
