/**
 * The questions a probe is asked, and what its answers mean. Pure but for the asking itself.
 */

/** Asks one path of the probe; `elapsedMs` is measured here, where the clock runs. */
export interface AskProbe {
  (path: string): Promise<{ readonly text: string; readonly elapsedMs: number }>;
}

/** One answer in the report. */
export interface Finding {
  readonly question: string;
  readonly answer: string;
  /** What was measured, as the probe told it. */
  readonly data: unknown;
}

/** How thorough: on a real account it takes minutes. */
export interface Effort {
  readonly wallSeconds: number;
  readonly memoryMib: number;
  readonly bodyMib: readonly number[];
  readonly encodeMib: readonly number[];
  readonly kvMs: number;
}

export const FULL_EFFORT: Effort = {
  wallSeconds: 60,
  memoryMib: 256,
  bodyMib: [1, 32, 100, 128],
  encodeMib: [1, 8, 32],
  kvMs: 120_000,
};

/** Enough to see that every question is answered. */
export const QUICK_EFFORT: Effort = {
  wallSeconds: 2,
  memoryMib: 16,
  bodyMib: [1],
  encodeMib: [1],
  kvMs: 5_000,
};

const SLOW_MS = 1_000;

/** Asks everything, one question after another, so that none disturbs the next. */
export async function askAll(ask: AskProbe, effort: Effort): Promise<readonly Finding[]> {
  const json = async (path: string) => JSON.parse((await ask(path)).text) as unknown;
  const findings: Finding[] = [];
  const note = (question: string, answer: string, data: unknown) =>
    void findings.push({ question, answer, data });

  const clock = (await json("clock")) as { advancedMs: number };
  note(
    "Does the clock run while a Worker computes?",
    clock.advancedMs > 0 ? `yes, by ${clock.advancedMs} ms` : "no, it stands still",
    clock,
  );
  const plain = (await json(`in-flight?count=12&ms=${SLOW_MS}`)) as { arrivalsMs: number[] };
  note(
    "How many requests has one invocation in flight?",
    `${atOnce(plain.arrivalsMs)} of 12 at once`,
    plain,
  );
  const lanes = (await json(`in-flight-loopback?lanes=4&count=8&ms=${SLOW_MS}`)) as Groups;
  note("Has each loopback call its own?", perGroup(lanes, 8), lanes);
  const objects = (await json(`in-flight-objects?objects=4&count=8&ms=${SLOW_MS}`)) as Groups;
  note("Has each Durable Object its own?", perGroup(objects, 8), objects);
  const cap = (await json("loopback-cap?count=40")) as { answered: number };
  note("How many loopback calls may one request make?", `${cap.answered} of 40 answered`, cap);
  const alarm = (await json("alarm?count=5")) as { lateMs: number[] };
  note("How late are alarms?", `at most ${Math.max(...alarm.lateMs)} ms of five`, alarm);
  const kv = (await json(`kv?ms=${effort.kvMs}`)) as { visibleAfterMs: number | null };
  note(
    "How long does KV remember a miss?",
    kv.visibleAfterMs === null ? `longer than ${effort.kvMs} ms` : `${kv.visibleAfterMs} ms`,
    kv,
  );
  const cache = (await json("cache")) as { isHit: boolean };
  note("Does the Cache API work on this host?", cache.isHit ? "yes" : "no", cache);
  findings.push(await bodies(ask, effort), await encodings(ask, effort));
  findings.push(await lastLine(ask, `memory?mib=${effort.memoryMib}`, "How much memory", "MiB"));
  findings.push(await lastLine(ask, `wall?seconds=${effort.wallSeconds}`, "How long", "s"));
  return findings;
}

interface Groups {
  readonly arrivalsMs: readonly (readonly number[])[];
}

/** Requests that arrived before the first could have been answered. */
function atOnce(arrivalsMs: readonly number[]): number {
  return arrivalsMs.filter((ms) => ms < SLOW_MS / 2).length;
}

function perGroup({ arrivalsMs }: Groups, count: number): string {
  return `${arrivalsMs.map(atOnce).join(", ")} of ${count} at once in each`;
}

async function bodies(ask: AskProbe, { bodyMib }: Effort): Promise<Finding> {
  const data: Record<string, string> = {};
  for (const mib of bodyMib) {
    const { text } = await ask(`body?mib=${mib}`);
    data[`${mib} MiB`] = text.includes("true") ? "arrived" : text.slice(0, 80);
  }
  const arrived = Object.keys(data).filter((size) => data[size] === "arrived");
  return {
    question: "How large a body may a Durable Object send?",
    answer: arrived.length === 0 ? "none arrived" : `${arrived.at(-1)} arrived`,
    data,
  };
}

/** In a Worker the clock stands still: the time is what it takes longer than an empty answer. */
async function encodings(ask: AskProbe, { encodeMib }: Effort): Promise<Finding> {
  const { elapsedMs: emptyMs } = await ask("ping");
  const data: Record<string, number> = {};
  for (const mib of encodeMib) {
    const { elapsedMs } = await ask(`encode?mib=${mib}`);
    data[`${mib} MiB`] = Math.round(elapsedMs - emptyMs);
  }
  const told = Object.entries(data).map(([size, ms]) => `${size} ${ms} ms`);
  return {
    question: "What does the blob ID of a blob cost at 1,000 shards?",
    answer: told.join(", "),
    data,
  };
}

async function lastLine(
  ask: AskProbe,
  path: string,
  what: "How much memory" | "How long",
  unit: string,
): Promise<Finding> {
  const { text } = await ask(path);
  const last = Number(text.trim().split("\n").at(-1));
  const asked = Number(/=(\d+)$/.exec(path)?.[1]);
  const question =
    what === "How long" ? "How long may an invocation stream?" : "How much memory has an isolate?";
  const answer = last >= asked ? `${last} ${unit} or more` : `it ended after ${last} ${unit}`;
  return { question, answer, data: { last, asked } };
}
