/**
 * `npm run prod-probe`: asks the platform what its documents leave open, through a Worker of its own.
 *
 * Usage: `npm run prod-probe -- --deploy` puts the Worker up (it asks wrangler for an account),
 * `-- --url https://…` asks it (PROBE_TOKEN in the environment is its secret), `-- --local` asks the
 * local workerd instead, whose answers say nothing about production. Exits 2 for wrong flags.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import "../test/support/local-gateway/quiet-wrangler.ts";
import { startLocalProbe } from "./prod-probe/local.ts";
import {
  askAll,
  type AskProbe,
  type Finding,
  FULL_EFFORT,
  QUICK_EFFORT,
} from "./prod-probe/questions.ts";

const HELP = `Usage: npm run prod-probe -- (--deploy | --url https://… | --local) [--json]

  --deploy    uploads the probe Worker; then: npx wrangler secret put PROBE_TOKEN
              -c scripts/prod-probe/wrangler.toml. Delete it when you have read its answers:
              npx wrangler delete -c scripts/prod-probe/wrangler.toml
  --url URL   asks a deployed probe; PROBE_TOKEN in the environment
  --local     asks workerd on this machine, quickly: a test of the probe, not of the platform
  --json      one line of JSON: {where, findings: [{question, answer, data}]}`;

const CONFIG = "scripts/prod-probe/wrangler.toml";

function asker(origin: string, token: string): AskProbe {
  return async (path) => {
    const startedMs = performance.now();
    const response = await fetch(`${origin}/probe/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await textSoFar(response);
    const isStream = path.startsWith("memory") || path.startsWith("wall");
    if (!response.ok && !isStream) {
      // Some questions end the invocation; that is their answer.
      if (path.startsWith("body")) return { text, elapsedMs: performance.now() - startedMs };
      throw new Error(`Cannot ask ${path}: ${response.status} ${text.slice(0, 200)}`);
    }
    return { text, elapsedMs: performance.now() - startedMs };
  };
}

/** A stream that breaks off has told as much as it could. */
async function textSoFar(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {
    // The invocation was ended.
  }
  return text;
}

function print(where: string, findings: readonly Finding[], isJson: boolean): void {
  if (isJson) {
    console.log(JSON.stringify({ where, findings }));
    return;
  }
  console.log(`${where}\n`);
  for (const { question, answer } of findings) console.log(`${question}\n  ${answer}`);
}

function deploy(): number {
  const outcome = spawnSync("wrangler", ["deploy", "--config", CONFIG], { stdio: "inherit" });
  return outcome.status ?? 1;
}

async function run(flags: { url?: string; local: boolean; json: boolean }): Promise<void> {
  if (flags.local) {
    const local = await startLocalProbe(CONFIG);
    try {
      print("local workerd", await askAll(asker(local.url, local.token), QUICK_EFFORT), flags.json);
    } finally {
      await local.close();
    }
    return;
  }
  const { origin } = new URL(flags.url ?? "");
  const token = process.env["PROBE_TOKEN"] ?? "";
  print(origin, await askAll(asker(origin, token), FULL_EFFORT), flags.json);
}

let flags: { url?: string; local: boolean; json: boolean; deploy: boolean; help: boolean };
try {
  ({ values: flags } = parseArgs({
    options: {
      deploy: { type: "boolean", default: false },
      url: { type: "string" },
      local: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }));
  const ways = [flags.deploy, flags.local, flags.url !== undefined, flags.help].filter(Boolean);
  if (ways.length !== 1) throw new TypeError("name one of --deploy, --url and --local");
  if (flags.url !== undefined && !URL.canParse(flags.url)) throw new TypeError("--url takes a URL");
  if (flags.url !== undefined && process.env["PROBE_TOKEN"] === undefined) {
    throw new TypeError("--url needs the probe's secret in the environment, as PROBE_TOKEN");
  }
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exit(2);
}
if (flags.help) console.log(HELP);
else if (flags.deploy) process.exitCode = deploy();
else {
  try {
    await run(flags);
  } catch (error) {
    // Where it cannot be reached, fetch tells the reason in its cause.
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
    console.error(`Cannot ask ${flags.url ?? "the local probe"}: ${reason}`);
    process.exitCode = 1;
  }
}
