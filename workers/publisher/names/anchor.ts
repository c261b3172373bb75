/**
 * Makes an anchor: a small permanent blob of the gateway's own, stored like any other.
 *
 * It is an upload under a name that says which anchor it is, so it is paid for once; its lease is in
 * the LeaseBook like any other and is renewed with them, under a subject no token can have.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toBase64Url } from "../../../shared/bytes/text.ts";
import { NAME_ANCHOR_EPOCHS } from "../../../shared/limits.ts";
import type { Log } from "../../../shared/ports.ts";
import { GATEWAY_SUBJECT_PREFIX } from "../../../shared/rpc/leases.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Chain } from "../../../shared/sui/chain.ts";
import { chainFailure } from "../upload/failure-of.ts";
import type { UploadFailure } from "../upload/failure.ts";
import { resultOf } from "../upload/journal.ts";
import { storeInUpload, type UploadDirectory } from "../uploads.ts";
import type { AnchorView } from "./names.ts";

/** Whose the anchors are. */
const ANCHOR_SUBJECT = `${GATEWAY_SUBJECT_PREFIX}names`;

/** What making an anchor needs. */
export interface AnchorPorts {
  readonly uploads: UploadDirectory;
  readonly chain: Pick<Chain, "readSystem" | "readObjects">;
  readonly log: Log;
}

/** Makes anchor `seq` of a bucket, or finds it made. */
export async function openAnchor(
  { uploads, chain, log }: AnchorPorts,
  bucket: string,
  seq: number,
): Promise<Result<AnchorView & { readonly objectVersion: string }, UploadFailure>> {
  const system = await chain.readSystem();
  if (!system.ok) return err(chainFailure(system.failure));
  const content = utf8Bytes(JSON.stringify({ "walrus-edge": "names", bucket, anchor: seq }));
  const stored = await storeInUpload(
    uploads,
    log,
    {
      uploadId: await anchorUploadId(bucket, seq),
      source: "names",
      sub: ANCHOR_SUBJECT,
      epochs: Math.min(NAME_ANCHOR_EPOCHS, system.value.maxEpochsAhead),
      // Nobody can delete it, and it is an object of our own though the network may know the bytes.
      deletable: false,
      force: true,
      sendObjectTo: null,
      waits: true,
      contentDigest: null,
    },
    { bytesMax: content.length, declaredBytes: content.length },
    new Response(content).body,
  );
  if (!stored.ok) return stored;
  if (stored.value.state !== "certified") {
    return err(stored.value.failure ?? { kind: "interrupted" });
  }
  const { blobObjectId: objectId } = resultOf(stored.value, "register");
  const { owner } = resultOf(stored.value, "certify");
  const views = await chain.readObjects([objectId]);
  if (!views.ok) return err(chainFailure(views.failure));
  const [view] = views.value;
  if (!view) return err(chainFailure({ kind: "object-not-found", objectId }));
  return ok({ objectId, owner, objectVersion: view.version });
}

async function anchorUploadId(bucket: string, seq: number): Promise<string> {
  const name = utf8Bytes(JSON.stringify(["names", bucket, seq]));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", name)));
}
