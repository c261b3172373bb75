/**
 * A form on a desk, and the quilt that is made of it row by row as it is read.
 *
 * The rows of a quilt lie across all of its files, so a band of them is put together in memory: each
 * column brings one range of one file.
 */
import { freeBytes } from "../../../shared/bytes/arrays.ts";
import {
  type BlobSource,
  partsOfRows,
  placePart,
  type QuiltPlan,
} from "../../../shared/codec/index.ts";
import { QUILT_BAND_BYTES_MAX } from "../../../shared/limits.ts";
import { writeParts } from "../../../shared/platform-streams.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type FormPlan, planForm } from "../quilt-form.ts";
import type { QuiltRefusal } from "../quilt-problem.ts";
import type { FormJob, LaidOut } from "./desk.ts";

/** The form, and how its quilt lies. */
export class LaidOutForm {
  readonly laidOut: LaidOut;
  readonly #source: BlobSource;
  readonly #plan: QuiltPlan;
  readonly #files: FormPlan["files"];
  readonly #rowsTogether: number;

  private constructor(source: BlobSource, { plan, files }: FormPlan, formBytes: number) {
    this.#source = source;
    this.#plan = plan;
    this.#files = files;
    this.#rowsTogether = Math.max(1, Math.floor(QUILT_BAND_BYTES_MAX / plan.rowBytes));
    this.laidOut = {
      formBytes,
      quiltBytes: plan.quiltBytes,
      patches: plan.index.patches.map(({ identifier, startIndex, endIndex }) => ({
        identifier,
        startIndex,
        endIndex,
      })),
    };
  }

  /** Plans the quilt of a form of `formBytes`, which `source` holds. */
  static async plan(
    source: BlobSource,
    formBytes: number,
    { boundary, shardCount, quiltBytesMax }: Omit<FormJob, "bounds">,
  ): Promise<Result<LaidOutForm, QuiltRefusal>> {
    const body = {
      byteCount: formBytes,
      read: (offset: number, byteCount: number) => source.read(offset, byteCount),
    };
    const planned = await planForm(body, boundary, shardCount);
    if (!planned.ok) return planned;
    if (planned.value.plan.quiltBytes > quiltBytesMax) {
      return err({ kind: "form-too-large", bytesMax: quiltBytesMax });
    }
    return ok(new LaidOutForm(source, planned.value, formBytes));
  }

  /** What `writeTo` holds: a band, and of it what one column brings. */
  get workingBytes(): number {
    return 2 * Math.max(QUILT_BAND_BYTES_MAX, this.#plan.rowBytes);
  }

  /** Writes the quilt to its end, as fast as it is taken. */
  async writeTo(writable: WritableStream<Uint8Array>): Promise<void> {
    const writer = writable.getWriter();
    const { quiltBytes, rowBytes } = this.#plan;
    const rowCount = quiltBytes / rowBytes;
    try {
      for (let row = 0; row < rowCount; row += this.#rowsTogether) {
        const band = await this.#band(row, Math.min(this.#rowsTogether, rowCount - row));
        await writeParts(writer, band);
        freeBytes(band);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
  }

  async #band(firstRow: number, rowCount: number): Promise<Uint8Array> {
    const band = new Uint8Array(rowCount * this.#plan.rowBytes);
    for (const part of partsOfRows(this.#plan, firstRow, rowCount)) {
      placePart(this.#plan, band, part, part.head, 0);
      const file = part.patch === null ? undefined : this.#files[part.patch];
      if (file === undefined || part.dataBytes === 0) continue;
      const data = await this.#source.read(file.offset + part.dataOffset, part.dataBytes);
      placePart(this.#plan, band, part, data, part.head.length);
      freeBytes(data);
    }
    return band;
  }
}
