/**
 * Keeps wrangler's remarks (secrets it does not find, telemetry) out of our output. Must be
 * imported before `wrangler`, which reads the variable once, when it is loaded.
 */
process.env["WRANGLER_LOG"] ??= "error";
process.env["WRANGLER_SEND_METRICS"] ??= "false";
