/** Runs a script of `scripts/` to its end, as an operator does, and tells what it said. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a script ended. */
export interface ScriptOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `scripts/<name>.ts`, in the environment of the tests unless another is given. */
export function runScript(
  name: string,
  flags: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<ScriptOutcome> {
  const script = fileURLToPath(import.meta.resolve(`../../scripts/${name}.ts`));
  const child = spawn(process.execPath, [script, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(env === undefined ? {} : { env: { PATH: process.env["PATH"], ...env } }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
