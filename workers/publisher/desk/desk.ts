/**
 * Desks: where the body of one request is held while it is worked on, and nothing of it is stored.
 *
 * What a dry run measures, what the upload relay spreads and what a quilt is laid out from may be as
 * large as any blob, and so cannot lie in memory.
 */
import { err, type Result } from "../../../shared/result.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import type { AppContext } from "../context.ts";
import type { PublisherFailure } from "../failure-to-problem.ts";
import type { RelayQuery } from "../relay/query.ts";
import type { BodyBounds } from "../upload/stage.ts";
import type { StoredPatch } from "../upload/journal.ts";
import { randomUploadId } from "../uploads.ts";

/** A form, and the network its quilt is for. */
export interface FormJob {
  readonly bounds: BodyBounds;
  readonly boundary: string;
  readonly shardCount: number;
  /** Of the quilt. */
  readonly quiltBytesMax: number;
}

/** A quilt that can be read with `quilt`. */
export interface LaidOut {
  readonly formBytes: number;
  readonly quiltBytes: number;
  readonly patches: readonly StoredPatch[];
}

/** What a desk does; each is used for one request, and clears itself when it is left behind. */
export interface DeskRpc {
  /** Length and blob ID (43 characters of base64url) of a body. Nothing is left on the desk. */
  measure(
    job: { readonly bounds: BodyBounds; readonly shardCount: number },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<{ readonly byteCount: number; readonly blobId: string }, PublisherFailure>>;
  /** Spreads a registered blob. Nothing is left on the desk once the last node has it. */
  relay(
    job: { readonly bounds: BodyBounds; readonly query: RelayQuery },
    body: ReadableStream<Uint8Array> | null,
  ): Promise<
    Result<{ readonly byteCount: number; readonly certificate: Certificate }, PublisherFailure>
  >;
  /** Takes a form and plans its quilt; both stay until `clear`. */
  takeForm(
    job: FormJob,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Result<LaidOut, PublisherFailure>>;
  /** The quilt of the form, made as it is read. Rejects unless a form was taken. */
  quilt(): Promise<ReadableStream<Uint8Array>>;
  /** Forgets everything. */
  clear(): Promise<void>;
}

/** Desks by name. */
export interface DeskDirectory {
  getByName(name: string): DeskRpc;
}

/**
 * Works at a desk of its own. One that is lost (a deploy) makes a request that may be sent again, and
 * is cleared: its memory and its rows are nobody's.
 */
export async function atDesk<T>(
  { desks, random, log, requestId, background }: AppContext,
  work: (desk: DeskRpc) => Promise<Result<T, PublisherFailure>>,
): Promise<Result<T, PublisherFailure>> {
  const name = randomUploadId(random);
  try {
    return await work(desks.getByName(name));
  } catch (error) {
    log.warn({ event: "desk.lost", requestId, error: String(error) });
    // Its alarm clears it all the same.
    background(
      desks
        .getByName(name)
        .clear()
        .catch(() => undefined),
    );
    return err({ kind: "interrupted" });
  }
}
