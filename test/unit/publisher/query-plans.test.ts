/** Queries over tables that grow with the gateway's use find their rows by an index. */
import { expect, test } from "vitest";
import { createLeaseBook } from "../../../workers/publisher/lease-book/book.ts";
import { createOrphanRows } from "../../../workers/publisher/lease-book/orphans.ts";
import { createNameRows } from "../../../workers/publisher/names/rows.ts";
import type { Sql } from "../../../workers/publisher/sql.ts";
import { memorySql } from "../../support/memory-sql.ts";

/** A database, and how it answers what it has been asked since the tables were there. */
function explained(): { readonly sql: Sql; readonly plans: string[] } {
  const sql = memorySql();
  const plans: string[] = [];
  return {
    plans,
    sql: {
      exec(query, ...bindings) {
        if (/^\s*(SELECT|DELETE|UPDATE)/.test(query)) {
          const steps = sql.exec(`EXPLAIN QUERY PLAN ${query}`, ...bindings);
          plans.push([...steps].map(({ detail }) => String(detail)).join("; "));
        }
        return sql.exec(query, ...bindings);
      },
    },
  };
}

test("the leases that end soon", () => {
  const { sql, plans } = explained();
  const book = createLeaseBook(sql);
  plans.length = 0;
  book.ending(9, { endingAfter: 5 });
  expect(plans).toEqual([expect.stringMatching(/^SEARCH leases USING INDEX leases_by_end/)]);
});

test("the orphans that a sweep looks at", () => {
  const { sql, plans } = explained();
  createLeaseBook(sql);
  const orphans = createOrphanRows(sql);
  plans.length = 0;
  orphans.orphansDue(9, 5);
  expect(plans).toEqual(["SCAN orphans USING INDEX orphans_due"]);
});

test("the changes of names that wait, and those that nobody asks for any more", () => {
  const { sql, plans } = explained();
  const rows = createNameRows(sql);
  plans.length = 0;
  rows.waiting(5);
  rows.collect(9);
  expect(plans.slice(0, 2)).toEqual([
    "SCAN changes USING INDEX changes_waiting",
    expect.stringMatching(/^SEARCH changes USING INDEX changes_settled/),
  ]);
});
