/**
 * The configuration of the publisher, read from its bindings once and checked as a whole.
 *
 * Every problem is listed, so that a deployment is repaired in one go. Secrets never appear in a
 * problem's text.
 */
import * as v from "valibot";
import { type Compat, parseCompat } from "../../shared/http/compat.ts";
import {
  LANES_DEFAULT,
  LANES_MAX,
  UPLOAD_BLOB_BYTES_DEFAULT,
  UPLOAD_BLOB_BYTES_MAX,
  WARM_BYTES_DEFAULT,
  WARM_BYTES_MAX,
} from "../../shared/limits.ts";
import { type ConfiguredNetwork, configuredNetwork } from "../../shared/protocol/networks.ts";
import { parseWriteAccess } from "./auth/access.ts";
import type { WriteAccess } from "./auth/verify.ts";
import type { PublisherEnv } from "./env.ts";
import { parseHookSecret } from "./hook-signature.ts";
import { orphanSettings } from "./orphans/settings.ts";
import type { QuotaPolicy } from "./quota/bucket.ts";
import { rateLimits } from "./quota/settings.ts";
import { type Tip, tipSchema } from "./relay/tip.ts";
import { type WalletKeys, walletKeys } from "./wallet/keys.ts";
import { walletSettings } from "./wallet/settings.ts";

/** What the publisher is told. */
export interface PublisherConfig {
  readonly network: ConfiguredNetwork;
  readonly compat: Compat;
  readonly laneCount: number;
  readonly blobBytesMax: number;
  /** Largest blob whose bytes are cached when it is stored. */
  readonly warmBytesMax: number;
  /** Addresses that pay, `0x` and 64 hex digits each; the main one is the first. */
  readonly walletAddresses: readonly string[];
  /** Their keys. */
  readonly walletKeys: WalletKeys;
  readonly writeAccess: WriteAccess;
  /** What one client may write in a time; empty where nothing is limited. */
  readonly rateLimits: readonly QuotaPolicy[];
  /** From a failed upload to the first sweep that looks at what it has registered. */
  readonly orphanSweepAfterMs: number;
  /** Where blobs are read, without a slash at its end; `null` where that is not told. */
  readonly aggregatorUrl: string | null;
  /** Who has it may read `/metrics`; `null`: nobody. */
  readonly metricsToken: string | null;
  /** What the upload relay asks for; `null` asks for nothing. */
  readonly relayTip: Tip | null;
  /** Keys of each webhook source; several while one is being replaced. */
  readonly hookSecrets: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** The variables and secrets, without the bindings. */
export type PublisherVars = Omit<
  PublisherEnv,
  | "UPLOADS"
  | "DESKS"
  | "WALLETS"
  | "LEASE_BOOKS"
  | "TOKENS"
  | "QUOTAS"
  | "GATES"
  | "RECENTS"
  | "BLOBS"
  | "METRICS"
  | "NAMES"
>;

/** A configuration that cannot be used; the message lists every problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot configure publisher: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

const configs = new WeakMap<object, PublisherConfig>();

/**
 * The configuration of this environment, parsed once for each isolate.
 *
 * @throws {ConfigError} When anything in it cannot be used.
 */
export function publisherConfig(env: PublisherVars): PublisherConfig {
  const known = configs.get(env);
  if (known !== undefined) return known;
  const config = parseConfig(env);
  configs.set(env, config);
  return config;
}

const SOURCE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,12}$/, `expected a whole number from ${min} to ${max}`),
    v.transform(Number),
    v.minValue(min, `expected a whole number from ${min} to ${max}`),
    v.maxValue(max, `expected a whole number from ${min} to ${max}`),
  );

const varsSchema = v.object({
  COMPAT: v.pipe(
    v.optional(v.string(), "default"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const compat = parseCompat(dataset.value);
      if (compat !== null) return compat;
      addIssue({ message: "expected default or exact" });
      return NEVER;
    }),
  ),
  LANES: v.optional(wholeNumber(1, LANES_MAX), String(LANES_DEFAULT)),
  MAX_BLOB_BYTES: v.optional(
    wholeNumber(1, UPLOAD_BLOB_BYTES_MAX),
    String(UPLOAD_BLOB_BYTES_DEFAULT),
  ),
  WARM_MAX_BYTES: v.optional(wholeNumber(0, WARM_BYTES_MAX), String(WARM_BYTES_DEFAULT)),
  WALLET_SECRET_KEY: v.pipe(
    v.string("expected a suiprivkey… text"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const keys = walletKeys(dataset.value);
      if (keys.ok) return keys.value;
      addIssue({ message: "expected the suiprivkey… text of an Ed25519 key" });
      return NEVER;
    }),
  ),
  AGGREGATOR_URL: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^https?:\/\/[^\s/?#]+$/, "expected https:// and a host, without a path"),
    ),
  ),
  METRICS_TOKEN: v.optional(
    v.pipe(v.string(), v.regex(/^[\x21-\x7e]{16,}$/, "expected 16 or more printable characters")),
  ),
  RELAY_TIP: v.pipe(
    v.optional(v.string(), "no_tip"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const tip = parseTip(dataset.value);
      if (tip !== undefined) return tip;
      addIssue({ message: 'expected "no_tip" or the JSON of a tip, see docs/http-api.md' });
      return NEVER;
    }),
  ),
  HOOK_SECRETS: v.pipe(
    v.optional(v.string(), "{}"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const secrets = parseHookSecrets(dataset.value);
      if (secrets !== null) return secrets;
      addIssue({ message: 'expected JSON {"source": "whsec_<base64>"} with lowercase names' });
      return NEVER;
    }),
  ),
});

const hookSecretsSchema = v.record(
  v.string(),
  v.union([v.string(), v.pipe(v.array(v.string()), v.minLength(1))]),
);

function parseConfig(env: PublisherVars): PublisherConfig {
  const problems: string[] = [];
  let network: ConfiguredNetwork | null = null;
  try {
    network = configuredNetwork(env);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  const vars = v.safeParse(varsSchema, env);
  for (const issue of vars.issues ?? []) {
    problems.push(`${v.getDotPath(issue) ?? "vars"}: ${issueText(issue)}`);
  }
  const access = parseWriteAccess(env);
  if (!("kind" in access)) problems.push(...access);
  const wallet = walletSettings(env);
  problems.push(...wallet.problems);
  const limits = rateLimits(env, network?.name ?? null);
  problems.push(...limits.problems);
  const orphans = orphanSettings(env, network?.name ?? null);
  problems.push(...orphans.problems);
  if (network === null || !vars.success || !("kind" in access) || problems.length > 0) {
    throw new ConfigError(problems);
  }
  return {
    network,
    compat: vars.output.COMPAT,
    laneCount: vars.output.LANES,
    blobBytesMax: vars.output.MAX_BLOB_BYTES,
    warmBytesMax: vars.output.WARM_MAX_BYTES,
    walletAddresses: Array.from(
      { length: wallet.settings.addressCount },
      (_, account) => vars.output.WALLET_SECRET_KEY.signer(account).address,
    ),
    walletKeys: vars.output.WALLET_SECRET_KEY,
    writeAccess: access,
    rateLimits: limits.policies,
    orphanSweepAfterMs: orphans.sweepAfterMs,
    aggregatorUrl: vars.output.AGGREGATOR_URL ?? null,
    metricsToken: vars.output.METRICS_TOKEN ?? null,
    relayTip: vars.output.RELAY_TIP,
    hookSecrets: vars.output.HOOK_SECRETS,
  };
}

/** Our own words where we have some; valibot's name the received value, which may be a secret. */
function issueText(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith("expected") ? issue.message : "missing or of the wrong type";
}

/** `undefined` for what is no tip. */
function parseTip(text: string): Tip | null | undefined {
  if (text === "no_tip") return null;
  try {
    const parsed = v.safeParse(tipSchema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function parseHookSecrets(text: string): ReadonlyMap<string, readonly Uint8Array[]> | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = v.safeParse(hookSecretsSchema, json);
  if (!parsed.success) return null;
  const secrets = new Map<string, readonly Uint8Array[]>();
  for (const [source, texts] of Object.entries(parsed.output)) {
    const keys = [texts].flat().map(parseHookSecret);
    const known = keys.filter((key) => key !== null);
    if (!SOURCE_NAME.test(source) || known.length !== keys.length) return null;
    secrets.set(source, known);
  }
  return secrets;
}
