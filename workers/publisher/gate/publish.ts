/**
 * Copies the gate's rules to KV, one copy after the other, until the last version is there.
 *
 * Readers ask the Gate object itself; the copy is for those who cannot reach it. KV takes one write
 * a second for a key, so a copy that fails is made again by the alarm.
 */
import { GATE_RULES_KEY } from "../../../shared/cache/gate-rules.ts";
import { GATE_PUBLISH_RETRY_MS } from "../../../shared/limits.ts";
import type { Clock, KeyValue, Log } from "../../../shared/ports.ts";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import type { GateRows } from "./rows.ts";

/** What publishing needs. */
export interface PublishPorts {
  readonly rows: GateRows;
  readonly kv: KeyValue;
  readonly clock: Clock;
  readonly log: Log;
  readonly setAlarm: (atMs: number) => Promise<void>;
}

/** Makes the one publisher of an object: calls that overlap share a run. */
export function createPublisher(ports: PublishPorts): () => Promise<void> {
  const { rows, kv, clock, log, setAlarm } = ports;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (rows.publishedVersion() < rows.version()) {
      // Set before the copy is tried, so that whatever ends this object does not end the work.
      await setAlarm(clock.nowMs() + GATE_PUBLISH_RETRY_MS);
      const version = rows.version();
      try {
        await kv.put(GATE_RULES_KEY, utf8Bytes(rows.rules()));
      } catch (error) {
        log.warn({ event: "gate.not-copied", error: String(error) });
        return;
      }
      rows.markPublished(version);
    }
  }

  return () => {
    running ??= run().finally(() => {
      running = null;
    });
    return running;
  };
}
