/**
 * The operator's rules at the gate: blocked blobs and purge generations. Pure.
 *
 * The publisher's Gate object is their one writer; the aggregators hold a copy for at most
 * `GATE_HOLD_MS`. As JSON: `{"version": 7, "blocklist": ["<blob id>"], "purgeGeneration": 3,
 * "purged": {"<blob id>": 4}}`.
 */
import * as v from "valibot";

/** KV key of the copy for whoever cannot ask the writer. */
export const GATE_RULES_KEY = "gate";

/** The rules. */
export interface GateRules {
  /** Rises with every change, so that an old copy never replaces a newer one. */
  readonly version: number;
  /** Blob IDs of 43 characters. */
  readonly blocklist: ReadonlySet<string>;
  /** What was learned under a lower generation is learned anew. */
  readonly purgeGeneration: number;
  /** Generations of single blobs, where theirs is higher. */
  readonly purged: ReadonlyMap<string, number>;
}

/** A gate that lets everything through. */
export const NO_RULES: GateRules = {
  version: 0,
  blocklist: new Set(),
  purgeGeneration: 0,
  purged: new Map(),
};

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const rulesSchema = v.object({
  version: v.optional(whole, 0),
  blocklist: v.optional(v.array(v.string()), []),
  purgeGeneration: v.optional(whole, 0),
  purged: v.optional(v.record(v.string(), whole), {}),
});

/** The generation that what is cached of a blob must have been learned under. */
export function purgeGenerationOf(rules: GateRules, id: string): number {
  return Math.max(rules.purgeGeneration, rules.purged.get(id) ?? 0);
}

/** The rules as JSON text. */
export function encodeGateRules(rules: GateRules): string {
  const { version, blocklist, purgeGeneration, purged } = rules;
  return JSON.stringify({
    version,
    blocklist: [...blocklist],
    purgeGeneration,
    purged: Object.fromEntries(purged),
  });
}

/** @throws {v.ValiError | SyntaxError} When the text has another shape. */
export function decodeGateRules(text: string): GateRules {
  const { version, blocklist, purgeGeneration, purged } = v.parse(rulesSchema, JSON.parse(text));
  return {
    version,
    blocklist: new Set(blocklist),
    purgeGeneration,
    purged: new Map(Object.entries(purged)),
  };
}
