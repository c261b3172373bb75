import { expect, test } from "vitest";
import { runScript } from "../../support/run-script.ts";

test("npm run demo takes no flags, and says so before it starts anything", async () => {
  const { code, stdout, stderr } = await runScript("demo", ["--port", "9000"]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr.trim()).toBe("Cannot take --port 9000: npm run demo has no flags");
});
