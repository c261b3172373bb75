/** Layouts of the WAL coin (`wal.move`) and of the test exchange (`wal_exchange.move`). Data only. */
import { ID, SUI, UID, WAL_BALANCE } from "./names.ts";
import type { DatatypeTable } from "./types.ts";

export const WAL_TYPES: DatatypeTable = {
  "wal::WAL": { kind: "struct", abilities: ["drop"], fields: {} },
  "wal::ProtectedTreasury": { kind: "struct", abilities: ["key"], fields: { id: UID } },
  "wal::TreasuryCapKey": { kind: "struct", abilities: ["copy", "drop", "store"], fields: {} },
};

export const EXCHANGE_TYPES: DatatypeTable = {
  "wal_exchange::Exchange": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: {
      id: UID,
      wal: WAL_BALANCE,
      sui: `0x2::balance::Balance<${SUI}>`,
      rate: "wal_exchange::wal_exchange::ExchangeRate",
      admin: ID,
    },
  },
  "wal_exchange::AdminCap": { kind: "struct", abilities: ["key", "store"], fields: { id: UID } },
  "wal_exchange::ExchangeRate": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: { wal: "u64", sui: "u64" },
  },
};
