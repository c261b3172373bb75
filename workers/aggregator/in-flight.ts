/** Reads that one isolate carries at a time; more are told to come again. */
import { READS_IN_FLIGHT_MAX } from "../../shared/limits.ts";

/** The reads of an isolate. */
export interface InFlight {
  /** A place for one read, to be left once; `null` when all are taken. */
  enter(): (() => void) | null;
}

/** All places free. */
export function createInFlight(placeCount: number = READS_IN_FLIGHT_MAX): InFlight {
  let taken = 0;
  return {
    enter() {
      if (taken >= placeCount) return null;
      taken++;
      let isLeft = false;
      return () => {
        if (isLeft) return;
        isLeft = true;
        taken--;
      };
    },
  };
}
