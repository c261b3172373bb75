/**
 * Writes `docs/limits.md` from `shared/limits.ts`, so that no bound is told twice.
 *
 * Usage: `node scripts/limits-page.ts` rewrites the page; `scripts/tidy.ts` fails when it is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";

const SOURCE = "shared/limits.ts";
/** Where the page lives. */
export const LIMITS_PAGE = "docs/limits.md";

const HEAD = `# Limits

Every bound of the gateway, with its reason. Written by \`node scripts/limits-page.ts\` from \`${SOURCE}\`: change it there.
`;

/** The page as it should be. */
export function limitsPage(): string {
  const source = readFileSync(SOURCE, "utf8");
  const lines = [HEAD];
  const item =
    /^\/\/ --- (.+) ---$|\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export const (\w+)(?::[^=]+)? = ([^;]*);\n/gm;
  for (const [, title, comment = "", name, value = ""] of source.matchAll(item)) {
    if (title !== undefined) {
      lines.push(`\n## ${title}\n\n| constant | value | reason |\n|---|---|---|\n`);
      continue;
    }
    const reason = comment
      .replaceAll(/\n? \* ?/g, " ")
      .replaceAll("|", "\\|")
      .replaceAll(/\s+/g, " ")
      .trim();
    lines.push(
      `| \`${name}\` | ${value.replaceAll(/\s+/g, " ").replaceAll("*", "×")} | ${reason} |\n`,
    );
  }
  return lines.join("");
}

if (import.meta.main) writeFileSync(LIMITS_PAGE, limitsPage());
