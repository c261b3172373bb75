/**
 * Cached content that was damaged, in either tier, on every route that gives bytes: whoever reads it
 * gets the right bytes or a body that is cut short, and the cache is sound afterwards.
 */
import { describe, expect, test } from "vitest";
import { ABANDONED_HOLD_MS } from "../../../shared/limits.ts";
import { encodeQuilt, formatBlobId, formatPatchId } from "../../../shared/codec/index.ts";
import { requestNotes } from "../../../shared/telemetry/request-log.ts";
import { createApp } from "../../../workers/aggregator/app.ts";
import { createInFlight } from "../../../workers/aggregator/in-flight.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { createDamagedTiers, type Damage } from "../../support/damaged-tiers.ts";
import { readWorld } from "../../support/read-world.ts";
import { valueOf } from "../../support/results.ts";

const SHARDS = 10;
const EVERYBODY = Array.from({ length: SHARDS }, (_, index) => index);
/** Digests are checked on no hit, or on all. */
const DRAWS = { never: 0.999, always: 0 } as const;
const codec = await loadCodec();
const app = createApp();
const BLOB = seededBytes(3_000, 1);
const PATCH = seededBytes(2_000, 2);
const quilt = valueOf(encodeQuilt([{ identifier: "a b", data: PATCH }], SHARDS));

function setUp(draw: keyof typeof DRAWS) {
  const { nodes, services: plain, world: time } = readWorld(codec, SHARDS);
  const world = createDamagedTiers();
  const services = {
    ...plain,
    tiers: world.tiers,
    background: world.background,
    random: { ...plain.random, unit: () => DRAWS[draw] },
  };
  const quiltId = nodes.store(quilt.blob);
  const [patch] = quilt.index.patches;
  const { startIndex = 0, endIndex = 0 } = patch ?? {};
  const ids: Record<string, string> = {
    blob: formatBlobId(nodes.store(BLOB)),
    quilt: formatBlobId(quiltId),
    patch: formatPatchId({ quiltId, startIndex, endIndex }),
  };

  async function ask({ path, headers = {} }: Asked): Promise<Answer> {
    const named = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "");
    const url = new URL(`https://edge.test${named}`);
    const response = await app.fetch(new Request(url, { headers }), {
      log: services.log,
      clock: services.clock,
      notes: requestNotes(),
      compat: "default",
      url,
      requestId: "0",
      bodyPipe: fixedLength,
      inFlight: createInFlight(),
      background: world.background,
      services: () => services,
    });
    const boundary = /boundary=(\w+)/.exec(response.headers.get("content-type") ?? "")?.[1];
    const promised = Number(response.headers.get("content-length"));
    const body = await response.bytes().catch(() => null);
    await world.settled();
    // Nobody is thought to be at it any more.
    time.nowMs += ABANDONED_HOLD_MS;
    const isWhole = body !== null && body.length === promised;
    // Every answer of several ranges has a boundary of its own.
    const text = isWhole
      ? Buffer.from(body)
          .toString("latin1")
          .replaceAll(boundary ?? "-", "-")
      : "";
    return { status: response.status, sha256: isWhole ? await hexDigest(text) : null };
  }
  return { nodes, world, ask };
}

/** As the platform's: a body of another length than promised is an error. */
function fixedLength(byteCount: number | null): TransformStream<Uint8Array, Uint8Array> {
  let left = byteCount ?? Infinity;
  return new TransformStream({
    transform(chunk, controller) {
      left -= chunk.length;
      if (left < 0) throw new TypeError("longer than promised");
      // What is written is let go of at once: the platform has copied it by then.
      controller.enqueue(chunk.slice());
    },
    flush() {
      if (byteCount !== null && left > 0) throw new TypeError("shorter than promised");
    },
  });
}

async function hexDigest(text: string): Promise<string> {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

interface Answer {
  readonly status: number;
  /** Of the body; `null` where that broke off. */
  readonly sha256: string | null;
}

interface Asked {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const STRICT = "/v1/blobs/{blob}?strict_consistency_check=true";
/** What is handed on unread where nothing is known to be wrong with it can only be cut. */
const HANDED_ON: Readonly<Record<string, Asked>> = {
  whole: { path: "/v1/blobs/{blob}?content_type=image/png" },
  stream: { path: "/v1alpha/blobs/{blob}/stream?content_type=image/png" },
  range: { path: "/v1/blobs/{blob}", headers: { Range: "bytes=100-2000" } },
  "several ranges": { path: "/v1/blobs/{blob}", headers: { Range: "bytes=10-1500,1600-2900" } },
  "byte-range": { path: "/v1/blobs/{blob}/byte-range?start=100&length=1900" },
  concat: { path: "/v1alpha/blobs/concat?ids={blob},{blob}" },
};
const PUT_TOGETHER = new Set(["several ranges", "concat"]);
/** What is looked into before anything leaves. */
const LOOKED_INTO: Readonly<Record<string, Asked>> = {
  "a type to be guessed": { path: "/v1/blobs/{blob}" },
  "a strict check": { path: STRICT },
  "a range, strictly": { path: STRICT, headers: { Range: "bytes=100-2000" } },
  "a strict concat": {
    path: "/v1alpha/blobs/concat?ids={blob},{blob}&strict_consistency_check=true",
  },
  "a proof": { path: "/edge/v1/blobs/{blob}/proof?range=100-2000" },
  patch: { path: "/v1/blobs/by-quilt-patch-id/{patch}" },
  "a range of a patch": {
    path: "/v1/blobs/by-quilt-patch-id/{patch}",
    headers: { Range: "bytes=100-1000" },
  },
  "patch by identifier": { path: "/v1/blobs/by-quilt-id/{quilt}/a%20b" },
  "list of patches": { path: "/v1/quilts/{quilt}/patches" },
};
const DAMAGES: readonly Damage[] = [
  "breaks off",
  "has wrong bytes",
  "is too short",
  "is too long",
  "gives less than it says",
];
const TIERS = ["edge", "kv"] as const;

/** Fills the cache by reads that leave the type unknown, then damages what is in it. */
async function damagedWorld(
  asked: Asked,
  damage: Damage,
  tier: "edge" | "kv",
  draw: keyof typeof DRAWS,
) {
  const { nodes, world, ask } = setUp(draw);
  // Ranges and patches of an unread blob cache nothing whole.
  for (const path of ["/v1/blobs/{blob}?content_type=image/png", "/v1/quilts/{quilt}/patches"]) {
    await ask({ path });
  }
  await ask({ path: "/v1/blobs/by-quilt-patch-id/{patch}" });
  const expected = await setUp(draw).ask(asked);
  expect(world.damage(tier, damage)).toBeGreaterThan(2);
  return { nodes, world, ask, expected };
}

/** What is asked for once more is right, and what is cached whole is so with no node there. */
async function expectSound(
  { nodes, ask, expected }: Awaited<ReturnType<typeof damagedWorld>>,
  asked: Asked,
): Promise<void> {
  expect(await ask(asked)).toEqual(expected);
  if (asked.headers !== undefined || /byte-range|proof/.test(asked.path)) return;
  nodes.setFault(EVERYBODY, "down");
  expect(await ask(asked)).toEqual(expected);
}

const isUnread = (damage: Damage) =>
  damage === "breaks off" || damage === "gives less than it says";

describe.each(TIERS)("in %s, content that", (tier) => {
  describe.each(DAMAGES)("%s", (damage) => {
    const looked = Object.entries(LOOKED_INTO);
    test.each(looked)("is read anew, and heals: %s", async (name, asked) => {
      // What type wrong bytes have cannot be told without their digest.
      const draw = name.startsWith("a type") && damage === "has wrong bytes" ? "always" : "never";
      const damaged = await damagedWorld(asked, damage, tier, draw);
      expect(await damaged.ask(asked)).toEqual(damaged.expected);
      await expectSound(damaged, asked);
    });

    test.each(Object.entries(HANDED_ON))("is never wrong, and heals: %s", async (name, asked) => {
      const draw = damage === "has wrong bytes" ? "always" : "never";
      const damaged = await damagedWorld(asked, damage, tier, draw);
      const first = await damaged.ask(asked);
      const isCut = tier === "edge" && isUnread(damage);
      expect(first.sha256).toBe(isCut ? null : damaged.expected.sha256);
      // The platform carries a single part by itself, and tells nobody that it broke off.
      if (isCut && !(damage === "breaks off" && PUT_TOGETHER.has(name))) return;
      await expectSound(damaged, asked);
    });
  });
});
