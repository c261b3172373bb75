/**
 * How many bytes may come in at once where a body must be held whole. Refuses instead of queueing:
 * whoever waits would hold memory or a connection too.
 */

/** Bytes on their way in, within a bound. */
export class ByteAdmission {
  readonly #bytesMax: number;
  #bytesIn = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The function that gives the bytes back, once; `null` when there is no room for them now. */
  enter(byteCount: number): (() => void) | null {
    if (this.#bytesIn + byteCount > this.#bytesMax) return null;
    this.#bytesIn += byteCount;
    let isIn = true;
    return () => {
      if (isIn) this.#bytesIn -= byteCount;
      isIn = false;
    };
  }
}
