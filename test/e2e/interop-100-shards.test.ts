/** Interop at 100 shards. */
import { testInterop } from "../support/interop.ts";

testInterop(100);
