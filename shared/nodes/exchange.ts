/**
 * One request to one storage node and its answer, read within bounds of time and size.
 *
 * The time-out starts when the request is sent, not while it waits for a slot, and covers the body
 * too; a body that has begun and stalls is given up sooner. No body is left open: every answer is
 * read to its end or cancelled.
 */
import * as v from "valibot";
import { type BodyFailure, readBody } from "../http/body.ts";
import { NODE_ERROR_BYTES_MAX, NODE_ERROR_MESSAGE_CHARS_MAX } from "../limits.ts";
import type { Clock, Timer } from "../ports.ts";
import { err, ok, type Result } from "../result.ts";
import type { PutOutcome } from "./client.ts";
import type { NodeFailure, NodeRoute } from "./failure.ts";
import type { Permit } from "./permit.ts";
import { callAwake } from "./wait-awake.ts";

/** Names the invocation that sends, so that a test node can count its requests in flight. */
export const LANE_HEADER = "x-walrus-lane";

/** What the client sends through. */
export interface NodeTransport {
  readonly permit: Pick<Permit, "send">;
  readonly timer: Timer;
  /** With it, time in which this isolate was too busy to hear the node is not held against the node. */
  readonly clock?: Clock;
  /** Unique text of this invocation, sent as `x-walrus-lane`. */
  readonly lane: string;
  /**
   * How a body is sent; as it is unless given. A stream is let go once it is sent, where a request
   * holds on to bytes until it is collected.
   */
  readonly bodyOf?: (bytes: Uint8Array<ArrayBuffer>) => BodyInit;
}

/** One request. */
export interface NodeCall {
  readonly nodeId: string;
  readonly route: NodeRoute;
  readonly method: "GET" | "PUT";
  readonly url: string;
  readonly body: Uint8Array<ArrayBuffer> | null;
  /** From sending to the last byte. */
  readonly timeoutMs: number;
  /** Longest silence once the answer has begun. */
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onSent: (() => void) | undefined;
  /** Sent before all that waits for a slot. */
  readonly isFirst: boolean;
}

/** Requests by what their answer holds. */
export interface NodeExchange {
  bytes(call: NodeCall, bytesMax: number): Promise<Result<Uint8Array<ArrayBuffer>, NodeFailure>>;
  /** The `data` of the success envelope, checked against `schema`. */
  json<T>(
    call: NodeCall,
    schema: v.GenericSchema<unknown, T>,
    bytesMax: number,
  ): Promise<Result<T, NodeFailure>>;
  /** The outcome of a PUT, by its status. */
  outcome(call: NodeCall): Promise<Result<PutOutcome, NodeFailure>>;
}

const successSchema = v.object({ success: v.object({ data: v.unknown() }) });
const errorSchema = v.object({
  error: v.object({
    message: v.optional(v.string(), ""),
    details: v.optional(v.array(v.object({ reason: v.optional(v.string()) })), []),
  }),
});

interface Answer {
  readonly status: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Makes the exchange of one invocation. */
export function createExchange(transport: NodeTransport): NodeExchange {
  const exchange = (call: NodeCall, bytesMax: number) => sendAndRead(transport, call, bytesMax);
  return {
    async bytes(call, bytesMax) {
      const answer = await exchange(call, bytesMax);
      return answer.ok ? ok(answer.value.body) : answer;
    },
    async json(call, schema, bytesMax) {
      const answer = await exchange(call, bytesMax);
      if (!answer.ok) return answer;
      const envelope = v.safeParse(successSchema, parseJson(answer.value.body));
      if (!envelope.success) return err(malformed(call, "not the success envelope"));
      const data = v.safeParse(schema, envelope.output.success.data);
      return data.success ? ok(data.output) : err(malformed(call, issueText(data.issues)));
    },
    async outcome(call) {
      // A line or two that come with their headers: the time-out bounds them, a second timer of each
      // of 2,000 requests is saved.
      const answer = await exchange({ ...call, stallMs: call.timeoutMs }, NODE_ERROR_BYTES_MAX);
      if (!answer.ok) return answer;
      const { status } = answer.value;
      return ok(status === 200 ? "already-there" : status === 202 ? "buffered" : "stored");
    },
  };
}

async function sendAndRead(
  transport: NodeTransport,
  call: NodeCall,
  bytesMax: number,
): Promise<Result<Answer, NodeFailure>> {
  const where = { nodeId: call.nodeId, route: call.route };
  const deadline = new Deadline(transport, call);
  const brokenOff = (phase: "headers" | "body", cause: string): NodeFailure => {
    if (call.signal?.aborted) return { kind: "aborted", ...where };
    if (!deadline.passed) return { kind: "unreachable", ...where, cause };
    const timeoutMs = deadline.stalled ? call.stallMs : call.timeoutMs;
    return { kind: "timed-out", ...where, timeoutMs, phase };
  };
  try {
    const response = await transport.permit.send(() => deadline.start(), call.signal, call.isFirst);
    deadline.watchStalls();
    const limit = response.ok ? bytesMax : NODE_ERROR_BYTES_MAX;
    const body = await readBody(response, limit, () => deadline.progressed());
    if (body.ok) {
      const { status } = response;
      return response.ok
        ? ok({ status, body: body.value })
        : err(refusal(call, response, body.value));
    }
    if (body.failure.kind !== "body-too-large") {
      return err(brokenOff("body", bodyCauseText(body.failure)));
    }
    return response.ok
      ? err({ kind: "answer-too-large", ...where, bytesMax })
      : err(refusal(call, response, new Uint8Array()));
  } catch (cause) {
    return err(brokenOff("headers", causeText(cause)));
  } finally {
    deadline.stop();
  }
}

/** The time-outs of one request, joined with the caller's own signal. */
class Deadline {
  readonly #transport: NodeTransport;
  readonly #call: NodeCall;
  readonly #request = new AbortController();
  #stopTimeout: () => void = () => undefined;
  #stopStall: () => void = () => undefined;
  readonly #onAbort = () => this.#request.abort(this.#call.signal?.reason);
  #hasProgressed = false;
  passed = false;
  stalled = false;

  constructor(transport: NodeTransport, call: NodeCall) {
    this.#transport = transport;
    this.#call = call;
  }

  start(): Request {
    const { lane, bodyOf } = this.#transport;
    const { url, method, body, signal, timeoutMs } = this.#call;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#stopTimeout = this.#after(timeoutMs, () => this.#pass());
    this.#call.onSent?.();
    const headers = new Headers({ [LANE_HEADER]: lane });
    if (body !== null) headers.set("content-type", "application/octet-stream");
    const sent = body === null ? null : (bodyOf?.(body) ?? body);
    return new Request(url, { method, headers, body: sent, signal: this.#request.signal });
  }

  /** From now on each stretch of `stallMs` must bring something, if it is shorter than all of it. */
  watchStalls(): void {
    if (this.#call.stallMs >= this.#call.timeoutMs) return;
    this.#hasProgressed = false;
    this.#stopStall = this.#after(this.#call.stallMs, () => {
      if (this.#hasProgressed) return this.watchStalls();
      this.stalled = true;
      this.#pass();
    });
  }

  progressed(): void {
    this.#hasProgressed = true;
  }

  #after(durationMs: number, action: () => void): () => void {
    const { timer, clock } = this.#transport;
    return callAwake(timer, clock, durationMs, action);
  }

  #pass(): void {
    this.passed = true;
    this.#request.abort(new Error("timed out"));
  }

  stop(): void {
    this.#call.signal?.removeEventListener("abort", this.#onAbort);
    this.#stopTimeout();
    this.#stopStall();
  }
}

function refusal(call: NodeCall, response: Response, body: Uint8Array<ArrayBuffer>): NodeFailure {
  const parsed = v.safeParse(errorSchema, parseJson(body));
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const details = parsed.success ? parsed.output.error.details : [];
  return {
    kind: "refused",
    nodeId: call.nodeId,
    route: call.route,
    status: response.status,
    reason: details.find((detail) => detail.reason !== undefined)?.reason ?? null,
    message: (parsed.success ? parsed.output.error.message : "").slice(
      0,
      NODE_ERROR_MESSAGE_CHARS_MAX,
    ),
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : null,
  };
}

function malformed(call: NodeCall, detail: string): NodeFailure {
  return { kind: "malformed-answer", nodeId: call.nodeId, route: call.route, detail };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function issueText(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  return issues[0].message;
}

function causeText(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(
    0,
    NODE_ERROR_MESSAGE_CHARS_MAX,
  );
}

function bodyCauseText(failure: Exclude<BodyFailure, { readonly kind: "body-too-large" }>): string {
  if (failure.kind === "body-interrupted") return causeText(failure.cause);
  return `body of ${failure.receivedBytes} bytes, declared as ${failure.declaredBytes}`;
}
