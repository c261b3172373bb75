/**
 * The operator's rules at the gate: blocked blobs and the purge generation, from one small KV key.
 *
 * Held by an isolate for `GATE_HOLD_MS`; the memory is a hint, never the truth. The value is JSON:
 * `{"blocklist": ["<blob id>", …], "purgeGeneration": 3}`.
 */
import * as v from "valibot";
import { GATE_HOLD_MS } from "../../shared/limits.ts";
import type { Clock, KeyValue, Log } from "../../shared/ports.ts";

/** KV key of the rules. */
export const GATE_RULES_KEY = "gate";

/** The rules as held. */
export interface GateRules {
  readonly blocklist: ReadonlySet<string>;
  readonly purgeGeneration: number;
}

/** What an isolate remembers of them. */
export interface RulesMemory {
  held: { readonly rules: GateRules; readonly readAtMs: number } | null;
}

const NO_RULES: GateRules = { blocklist: new Set(), purgeGeneration: 0 };

const rulesSchema = v.object({
  blocklist: v.optional(v.array(v.string()), []),
  purgeGeneration: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
});

/**
 * Reads the rules. When KV fails, what was held last stays in force: a block once seen is not lifted
 * by an outage.
 */
export async function readGateRules(
  kv: KeyValue,
  clock: Clock,
  log: Log,
  memory: RulesMemory,
): Promise<GateRules> {
  const { held } = memory;
  if (held !== null && clock.nowMs() < held.readAtMs + GATE_HOLD_MS) return held.rules;
  try {
    const bytes = await kv.get(GATE_RULES_KEY);
    const rules = bytes === null ? NO_RULES : decodeRules(bytes);
    memory.held = { rules, readAtMs: clock.nowMs() };
    return rules;
  } catch (error) {
    log.error({ event: "gate.rules-unreadable", cause: String(error) });
    return held?.rules ?? NO_RULES;
  }
}

/** @throws {v.ValiError | SyntaxError} When the operator's value has another shape. */
function decodeRules(bytes: Uint8Array): GateRules {
  const rules = v.parse(rulesSchema, JSON.parse(new TextDecoder().decode(bytes)));
  return { blocklist: new Set(rules.blocklist), purgeGeneration: rules.purgeGeneration };
}
