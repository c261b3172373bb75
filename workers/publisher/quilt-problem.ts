/** The failures of quilts as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { echoed, type Problem } from "../../shared/http/problem.ts";
import type { QuiltFormFailure } from "./quilt-form.ts";

/** Why a quilt is refused before anything of it is stored. */
export type QuiltRefusal =
  | QuiltFormFailure
  | { readonly kind: "not-multipart" }
  | { readonly kind: "form-too-large"; readonly bytesMax: number };

/** The problem to answer with. */
export function quiltProblem(failure: QuiltRefusal): Problem {
  switch (failure.kind) {
    case "not-multipart":
      return {
        ...malformed("the body must be multipart/form-data with a boundary"),
        status: 415,
        exact: {
          status: 400,
          text: "Invalid `boundary` for `multipart/form-data` request",
        },
      };
    case "form-too-large":
    case "quilt-too-large":
    case "quilt-exceeds-memory":
      return {
        statusWord: "SIZE_EXCEEDED",
        status: 413,
        reason: "BLOB_TOO_LARGE",
        message: "the quilt is larger than this gateway takes",
        exact: { statusWord: "INVALID_ARGUMENT", status: 400, reason: "MALFORMED_REQUEST" },
        metadata: quiltLimit(failure),
      };
    case "quilt-too-many-patches":
      return malformed(`a quilt of this network holds at most ${failure.patchCountMax} files`, {
        limitFiles: String(failure.patchCountMax),
      });
    case "quilt-identifier-invalid":
      return malformed(`the identifier ${quoted(failure.identifier)} cannot be used`, {
        identifier: echoed(failure.identifier),
        cause: failure.reason,
      });
    case "quilt-identifier-duplicate":
    case "quilt-tags-too-large":
      return malformed(
        failure.kind === "quilt-identifier-duplicate"
          ? `the identifier ${quoted(failure.identifier)} is given twice`
          : `the tags of ${quoted(failure.identifier)} are too long`,
        { identifier: echoed(failure.identifier) },
      );
    case "quilt-empty":
      return malformed("the form holds no file");
    case "multipart-malformed":
      return malformed(`the form is malformed: ${failure.detail}`);
    case "quilt-metadata-malformed":
      return malformed(`the field _metadata is malformed: ${failure.detail}`);
    case "quilt-version-unsupported":
    case "quilt-columns-missing":
    case "quilt-column-size-mismatch":
    case "quilt-malformed":
      // Failures of reading; laying out does not have them.
      return malformed(`the files cannot be laid out as a quilt: ${failure.kind}`);
  }
}

type TooLarge = Extract<
  QuiltRefusal,
  { readonly kind: "form-too-large" | "quilt-too-large" | "quilt-exceeds-memory" }
>;

function quiltLimit(failure: TooLarge): Readonly<Record<string, string>> {
  switch (failure.kind) {
    case "form-too-large":
      return { limitBytes: String(failure.bytesMax) };
    case "quilt-exceeds-memory":
      return { limitBytes: String(failure.quiltBytesMax) };
    case "quilt-too-large":
      return { limitSymbolBytes: String(failure.symbolBytesMax) };
  }
}

function quoted(identifier: string): string {
  return JSON.stringify(echoed(identifier));
}

function malformed(message: string, metadata: Readonly<Record<string, string>> = {}): Problem {
  return { statusWord: "INVALID_ARGUMENT", reason: "MALFORMED_REQUEST", message, metadata };
}
