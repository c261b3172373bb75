/**
 * The public keys of tokens where they are kept by whoever issues them: a JWK Set behind a URL.
 *
 * An isolate holds the set as a hint and reads it again when it is old, or when a token names a key
 * it does not have (keys rotate), but not more often than `JWKS_COOLDOWN_MS`. While the issuer is
 * away the last set is used up to `JWKS_STALE_MS`; after that tokens cannot be verified and nobody is
 * let in. Choosing and importing the key of a token is `jose`'s work.
 */
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import * as v from "valibot";
import { callAfter } from "../../../shared/call-after.ts";
import { readBody } from "../../../shared/http/body.ts";
import {
  JWKS_BYTES_MAX,
  JWKS_COOLDOWN_MS,
  JWKS_DEADLINE_MS,
  JWKS_HOLD_MS,
  JWKS_STALE_MS,
} from "../../../shared/limits.ts";
import type { Clock, Fetch, Timer } from "../../../shared/ports.ts";
import { err, ok, type Result } from "../../../shared/result.ts";

/** What reading the keys needs. */
export interface KeyPorts {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly fetch: Fetch;
}

/** The keys cannot be had, so no token can be verified. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";
}

/** A set as last read. */
interface HeldKeys {
  readonly readAtMs: number;
  readonly keyOf: JWTVerifyGetKey;
}

const jwkSchema = v.looseObject({ kty: v.picklist(["EC", "RSA", "OKP"]) });

/** Public keys of a kind we verify with; what else stands in the set is passed over. */
const remoteSetSchema = v.object({ keys: v.array(v.looseObject({ kty: v.string() })) });

/** The keys of one URL, as one isolate knows them. */
export class RemoteKeys {
  readonly url: string;
  #held: HeldKeys | null = null;
  /** When a look at it last began. */
  #begunAtMs = -Infinity;
  /** When one last ended, well or not: until then whoever needs the set asks for it himself. */
  #endedAtMs = -Infinity;

  constructor(url: string) {
    this.url = url;
  }

  /**
   * Finds the key of a token.
   *
   * @throws {KeysUnavailableError} When there is no set to look in.
   * @throws {errors.JWKSNoMatchingKey} When the set does not have it.
   */
  keyOf(ports: KeyPorts): JWTVerifyGetKey {
    return async (header, token) => {
      const held = await this.#current(ports);
      try {
        return await held.keyOf(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const newer = await this.#newerThan(held, ports);
        if (newer === null) throw error;
        return newer.keyOf(header, token);
      }
    };
  }

  async #current(ports: KeyPorts): Promise<HeldKeys> {
    const nowMs = ports.clock.nowMs();
    const held = this.#held;
    if (held === null) {
      const read = await this.#read(ports);
      if (read.ok) return read.value;
      throw new KeysUnavailableError(read.failure);
    }
    const ageMs = nowMs - held.readAtMs;
    const isBeingRead = nowMs - this.#begunAtMs < JWKS_DEADLINE_MS;
    if (ageMs < JWKS_HOLD_MS || (isBeingRead && ageMs < JWKS_STALE_MS)) return held;
    const read = await this.#read(ports);
    if (read.ok) return read.value;
    if (ageMs < JWKS_STALE_MS) return held;
    throw new KeysUnavailableError(read.failure);
  }

  /** What others or a new look have found since; `null` where nothing has changed. */
  async #newerThan(held: HeldKeys, ports: KeyPorts): Promise<HeldKeys | null> {
    if (this.#held !== null && this.#held !== held) return this.#held;
    const read = await this.#read(ports);
    return read.ok ? read.value : null;
  }

  /** Asks the issuer, unless that was done a moment ago. */
  async #read(ports: KeyPorts): Promise<Result<HeldKeys, string>> {
    const begunAtMs = ports.clock.nowMs();
    if (begunAtMs - this.#endedAtMs < JWKS_COOLDOWN_MS) return err("it was asked a moment ago");
    this.#begunAtMs = begunAtMs;
    const read = await readKeySet(this.url, ports);
    this.#endedAtMs = ports.clock.nowMs();
    if (!read.ok) return read;
    // A set that was asked for earlier never replaces a later one.
    if (this.#held === null || this.#held.readAtMs <= begunAtMs) {
      this.#held = { readAtMs: begunAtMs, keyOf: read.value };
    }
    return ok(this.#held);
  }
}

async function readKeySet(
  url: string,
  { fetch, timer }: KeyPorts,
): Promise<Result<JWTVerifyGetKey, string>> {
  const deadline = new AbortController();
  const callOff = callAfter(timer, JWKS_DEADLINE_MS, () =>
    deadline.abort(new DOMException("no answer in time", "TimeoutError")),
  );
  try {
    const headers = { Accept: "application/json, application/jwk-set+json" };
    const { signal } = deadline;
    const response = await fetch(new Request(url, { headers, redirect: "manual", signal }));
    if (response.status !== 200) {
      await response.body?.cancel();
      return err(`status ${response.status}`);
    }
    const body = await readBody(response, JWKS_BYTES_MAX);
    if (!body.ok) return err(body.failure.kind);
    const parsed = v.safeParse(remoteSetSchema, JSON.parse(new TextDecoder().decode(body.value)));
    if (!parsed.success) return err("no JWK Set");
    const keys = parsed.output.keys.filter((key) => v.is(jwkSchema, key));
    return ok(createLocalJWKSet({ keys }));
  } catch (error) {
    return err(String(error));
  } finally {
    callOff();
  }
}
