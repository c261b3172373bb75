/**
 * Deploys Workers to Cloudflare, one named Worker at a time, in the order their bindings need.
 *
 * Usage: `npm run deploy -- publisher [aggregator] [renewal] [--dry-run]`, or `-- all`. Refuses to
 * run without a name: a bare `wrangler deploy` would deploy the top level of wrangler.toml. The
 * publisher is deployed only when the preflight passes, or with `--skip-preflight`. The probe of the
 * platform is not among the Workers: `npm run prod-probe` deploys it.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

/** A binding's target must exist before the Worker that names it: bindings point to the publisher. */
const DEPLOY_ORDER = ["publisher", "aggregator", "renewal"] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "dry-run": { type: "boolean", default: false },
    "skip-preflight": { type: "boolean", default: false },
  },
});

const names = positionals.includes("all") ? [...DEPLOY_ORDER] : positionals;
const unknown = names.filter((name) => !DEPLOY_ORDER.some((known) => known === name));
if (names.length === 0 || unknown.length > 0) {
  const problem = names.length === 0 ? "no Worker named" : `unknown Worker ${unknown.join(", ")}`;
  console.error(`Cannot deploy: ${problem}; expected ${DEPLOY_ORDER.join(", ")} or all`);
  process.exit(2);
}

if (names.includes("publisher") && !values["dry-run"] && !values["skip-preflight"]) {
  const outcome = spawnSync(process.execPath, ["scripts/preflight.ts"], { stdio: "inherit" });
  if (outcome.status !== 0) {
    console.error("Cannot deploy: the preflight failed; see above, or pass --skip-preflight");
    process.exit(1);
  }
}

for (const name of DEPLOY_ORDER.filter((known) => names.includes(known))) {
  const outcome = spawnSync(
    "wrangler",
    values["dry-run"]
      ? ["deploy", "--env", name, "--dry-run", "--outdir", `dist/${name}`]
      : ["deploy", "--env", name, "--strict"],
    { stdio: "inherit" },
  );
  if (outcome.status !== 0) {
    console.error(`Cannot deploy ${name}: wrangler ended with ${outcome.status ?? outcome.signal}`);
    process.exit(1);
  }
}
