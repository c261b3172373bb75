/** `npm run prod-probe -- --local`: the probe Worker answers every question, here where answers are known. */
import { expect, test } from "vitest";
import { runScript } from "../support/run-script.ts";

/** A port nobody listens on (and no browser asks). */
const NOBODY = "http://127.0.0.1:1";

interface Report {
  readonly where: string;
  readonly findings: readonly { question: string; answer: string; data: unknown }[];
}

const probe = (...flags: readonly string[]) => runScript("prod-probe", flags);

test("every question is answered by the local workerd", async () => {
  const { code, stdout, stderr } = await probe("--local", "--json");
  expect(code, stderr).toBe(0);
  const { where, findings } = JSON.parse(stdout) as Report;
  expect(where).toBe("local workerd");
  const answers = findings.map(({ question, answer, data }) => [question, answer, data] as const);
  expect(answers).toHaveLength(12);
  const answerTo = (word: string) => answers.find(([question]) => question.includes(word));
  // What is known of workerd without Cloudflare around it: its clock runs, and nothing is limited.
  expect(answerTo("clock")?.[1]).toContain("yes");
  expect(answerTo("one invocation in flight")?.[1]).toMatch(/ of 12 at once$/);
  expect(answerTo("loopback calls may")?.[1]).toBe("40 of 40 answered");
  expect(answerTo("Cache API")?.[1]).toBe("yes");
  expect(answerTo("KV")?.[2]).toMatchObject({ wasMissing: true });
  expect(answerTo("large a body")?.[1]).toBe("1 MiB arrived");
  expect(answerTo("memory")?.[1]).toBe("16 MiB or more");
});

test("flags that name no way to ask, or two, exit 2", async () => {
  expect((await probe("--json")).code).toBe(2);
  expect((await probe("--local", "--deploy")).code).toBe(2);
  // A deployed probe answers nobody without its token.
  const closed = await runScript("prod-probe", ["--url", NOBODY], {});
  expect([closed.code, closed.stderr]).toEqual([2, expect.stringContaining("PROBE_TOKEN")]);
});

test("a probe that cannot be reached is told in one line, with the reason", async () => {
  const { code, stderr } = await runScript("prod-probe", ["--url", NOBODY], { PROBE_TOKEN: "x" });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^Cannot ask \S+: fetch failed: .+\n$/),
  ]);
});
