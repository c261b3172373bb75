/** Interop at 1000 shards, as on testnet and mainnet. */
import { testInterop } from "../support/interop.ts";

testInterop(1000);
