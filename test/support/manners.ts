/** What every answer of every Worker carries, errors, preflights and misconfiguration included. */

/**
 * Judges the headers of an answer.
 *
 * @throws {Error} When it does not say what it must, naming that.
 */
export function expectCommonHeaders({ headers, status }: Response): void {
  const rules: readonly (readonly [string, RegExp])[] = [
    ["x-request-id", /^[0-9a-f]{16}$/],
    ["cache-control", /^(?:no-store|no-cache|public, max-age=\d+(?:, .+)?)$/],
    ["access-control-allow-origin", /^\*$/],
  ];
  const missing = rules.filter(([name, form]) => !form.test(headers.get(name) ?? ""));
  if (missing.length === 0) return;
  const found = missing.map(([name]) => `${name}: ${String(headers.get(name))}`);
  throw new Error(`Answered ${status} without common headers: ${found.join("; ")}`);
}
