/**
 * The operator's rules at the gate as an isolate holds them, for at most `GATE_HOLD_MS`.
 *
 * They are asked of their one writer, through the publisher, because KV may be a minute behind in
 * another city; its copy there is for when the writer cannot be asked. Half way through the hold the
 * next copy is fetched in the background, so that no read waits for it. The memory is a hint, never
 * the truth, and a copy with a lower version never replaces a higher one.
 */
import {
  decodeGateRules,
  GATE_RULES_KEY,
  type GateRules,
  NO_RULES,
} from "../../shared/cache/gate-rules.ts";
import { inTime } from "../../shared/in-time.ts";
import { GATE_ASK_TIMEOUT_MS } from "../../shared/limits.ts";
import type { Clock, KeyValue, Log, Timer } from "../../shared/ports.ts";

/** What an isolate remembers of the rules. */
export interface RulesMemory {
  held: { readonly rules: GateRules; readonly readAtMs: number } | null;
  /** When the last background refresh began: others leave it to that one. */
  refreshedAtMs: number;
}

/** The part of the publisher's RPC that the gate uses. */
export interface RulesSource {
  gateRules(knownVersion: number | null): Promise<unknown>;
}

/** What the rules are read with. */
export interface RulesPorts {
  readonly source: RulesSource | undefined;
  readonly kv: Pick<KeyValue, "get">;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly memory: RulesMemory;
  /** Longest hold, at most `GATE_HOLD_MS`. */
  readonly holdMs: number;
  readonly background: (work: Promise<void>) => void;
}

/**
 * Reads the rules. When neither source answers, what was held last stays in force: a block once
 * seen is not lifted by an outage.
 */
export async function readGateRules(ports: RulesPorts): Promise<GateRules> {
  const { memory, clock, holdMs } = ports;
  const { held } = memory;
  const ageMs = held === null ? Infinity : clock.nowMs() - held.readAtMs;
  if (held === null || ageMs >= holdMs) return refresh(ports);
  if (ageMs >= holdMs / 2 && clock.nowMs() - memory.refreshedAtMs >= GATE_ASK_TIMEOUT_MS) {
    memory.refreshedAtMs = clock.nowMs();
    ports.background(refresh(ports).then(() => undefined));
  }
  return held.rules;
}

async function refresh(ports: RulesPorts): Promise<GateRules> {
  const { memory, clock } = ports;
  const askedAtMs = clock.nowMs();
  const read = (await askWriter(ports)) ?? (await readCopy(ports));
  const { held } = memory;
  if (read === null) return held?.rules ?? NO_RULES;
  const rules = held !== null && held.rules.version > read.version ? held.rules : read;
  // From when it was asked for: a slow answer may be as old as that.
  memory.held = { rules, readAtMs: askedAtMs };
  return rules;
}

/** `null` when there is no writer to ask, or it does not answer. */
async function askWriter({ source, timer, log, memory }: RulesPorts): Promise<GateRules | null> {
  if (source === undefined) return null;
  const known = memory.held?.rules ?? null;
  try {
    const asked = source.gateRules(known?.version ?? null);
    const text = await inTime(timer, GATE_ASK_TIMEOUT_MS, asked, undefined);
    if (text === null && known !== null) return known;
    if (typeof text === "string") return decodeGateRules(text);
    log.warn({ event: "gate.writer-silent", durationMs: GATE_ASK_TIMEOUT_MS });
  } catch (error) {
    log.warn({ event: "gate.writer-unreachable", error: String(error) });
  }
  return null;
}

/** `null` when the copy cannot be read; no rules when there never was one. */
async function readCopy({ kv, log }: RulesPorts): Promise<GateRules | null> {
  try {
    const bytes = await kv.get(GATE_RULES_KEY);
    return bytes === null ? NO_RULES : decodeGateRules(new TextDecoder().decode(bytes));
  } catch (error) {
    log.error({ event: "gate.rules-unreadable", error: String(error) });
    return null;
  }
}
