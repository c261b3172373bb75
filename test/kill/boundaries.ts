/**
 * Where an object of the real platform may be killed: every call to one of its ports, before and
 * after. For tests alone: a test's own entry Worker wraps the ports and decides who dies.
 *
 * Module scope holds what one workerd knows of the run: the boundaries passed and those to die at.
 * It outlives `ctx.abort()`, which ends one object and leaves the isolate alone.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** A boundary by its object's kind, what was called, and how often that was passed before. */
export interface Boundary {
  readonly kind: string;
  readonly label: string;
  /** From 0, counted in one upload's object, or since the last reset in one that all share. */
  readonly occurrence: number;
}

/** Who is to die: an entry for each new upload that comes, and any of the shared objects. */
export interface KillPlan {
  /** Each dies at all of its boundaries, as it passes them. */
  readonly uploads: readonly (readonly Boundary[])[];
  readonly shared: readonly Boundary[];
}

interface Life {
  readonly kind: string;
  /** Of the object: the same in every life of it. */
  readonly id: string;
  readonly abort: (reason: string) => void;
}

const lives = new AsyncLocalStorage<Life>();
let passed: Boundary[] = [];
let killed: Boundary[] = [];
let counts = new Map<string, number>();
let shared: Boundary[] = [];
let pendingUploads: Boundary[][] = [];
const uploadPlans = new Map<string, Boundary[]>();

/** Forgets the last run and arms the next. */
export function arm(plan: KillPlan): void {
  passed = [];
  killed = [];
  counts = new Map();
  shared = [...plan.shared];
  pendingUploads = plan.uploads.map((boundaries) => [...boundaries]);
}

/** What was passed, in order, and at which of those somebody died. */
export function report(): { readonly passed: Boundary[]; readonly killed: Boundary[] } {
  return { passed, killed };
}

/** Gives an object its ports wrapped; runs before the object's own constructor uses them. */
export function disturb(kind: string, ctx: DurableObjectState): Life {
  const life = { kind, id: ctx.id.toString(), abort: (reason: string) => ctx.abort(reason) };
  if (kind === "upload" && !uploadPlans.has(life.id)) {
    uploadPlans.set(life.id, pendingUploads.shift() ?? []);
  }
  Object.defineProperty(ctx, "storage", { value: wrapStorage(ctx.storage, life) });
  const { exports } = ctx;
  if (exports !== undefined) {
    Object.defineProperty(ctx, "exports", { value: wrapAll(exports, "lane", life) });
  }
  return life;
}

/** Bindings that pass a boundary before and after each call. */
export function wrapBindings<Env extends object>(env: Env, life: Life): Env {
  return Object.fromEntries(
    Object.entries(env).map(([name, binding]: [string, unknown]) => {
      if (isNamespace(binding)) return [name, wrapNamespace(binding, name, life)];
      return [name, name === "BLOBS" ? wrapAll(binding as object, name, life) : binding];
    }),
  ) as Env;
}

/** Runs a method of an object, so that its requests are known to be its own. */
export function inside<T>(life: Life, run: () => Promise<T>): Promise<T> {
  return lives.run(life, run);
}

/** The platform's `fetch`, with two boundaries for whichever object calls it. */
export function wrapFetch(real: typeof fetch): typeof fetch {
  return async (input, init) => {
    const life = lives.getStore();
    if (life === undefined) return real(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : String(input));
    const what = `fetch ${pathname.split("/").at(-1) ?? ""}`.replace(/[A-Za-z0-9_-]{43}/, "blob");
    return around(life, what, () => real(input, init));
  };
}

function pass(life: Life, when: "before" | "after", what: string): void {
  const label = `${when} ${what}`;
  const key = `${life.kind === "upload" ? life.id : life.kind}|${label}`;
  const occurrence = counts.get(key) ?? 0;
  counts.set(key, occurrence + 1);
  const boundary = { kind: life.kind, label, occurrence };
  passed.push(boundary);
  const plan = life.kind === "upload" ? (uploadPlans.get(life.id) ?? []) : shared;
  const index = plan.findIndex(
    (each) => each.kind === life.kind && each.label === label && each.occurrence === occurrence,
  );
  if (index === -1) return;
  plan.splice(index, 1);
  killed.push(boundary);
  life.abort(`killed ${label}`);
  throw new Error(`killed ${label}`);
}

async function around<T>(life: Life, what: string, call: () => Promise<T>): Promise<T> {
  pass(life, "before", what);
  const result = await call();
  pass(life, "after", what);
  return result;
}

function wrapStorage(storage: DurableObjectStorage, life: Life): DurableObjectStorage {
  const { sql } = storage;
  const exec = (query: string, ...bindings: unknown[]) => {
    if (/^\s*SELECT/i.test(query)) return sql.exec(query, ...bindings);
    const what = `sql ${query
      .trim()
      .split(/[\s(]+/)
      .slice(0, 4)
      .join(" ")}`;
    pass(life, "before", what);
    const rows = sql.exec(query, ...bindings);
    pass(life, "after", what);
    return rows;
  };
  return new Proxy(storage, {
    get(target, name) {
      if (name === "sql") return { exec };
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      const method = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
      const isPort = name === "setAlarm" || name === "sync" || name === "deleteAll";
      return isPort ? (...args: unknown[]) => around(life, name, () => method(...args)) : method;
    },
  });
}

interface Namespace {
  getByName(name: string): object;
}

function isNamespace(binding: unknown): binding is Namespace {
  return typeof (binding as { getByName?: unknown } | null)?.getByName === "function";
}

function wrapNamespace(namespace: Namespace, name: string, life: Life): Namespace {
  return new Proxy(namespace, {
    get(target, property) {
      if (property === "getByName") {
        return (id: string) => wrapAll(target.getByName(id), name, life);
      }
      const value = Reflect.get(target, property, target) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Every method of a stub (or of the stubs in it) passes two boundaries. */
function wrapAll<T extends object>(target: T, name: string, life: Life): T {
  return new Proxy(target, {
    get(object, property) {
      const value = Reflect.get(object, property, object) as unknown;
      if (typeof property !== "string") return value;
      if (name === "lane" && property === "SliverLane")
        return wrapAll(value as object, "SliverLane", life);
      if (typeof value !== "function") return value;
      // Stubs of other objects are proxies themselves, whose methods must be called on them.
      return (...args: unknown[]) =>
        around(life, `${name}.${property}`, async () =>
          (object as Record<string, (...args: unknown[]) => Promise<unknown>>)[property]?.(...args),
        );
    },
  });
}
