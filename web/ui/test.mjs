// Runs the unit tests of the islands: every src/**/*.test.js, bundled with what it tests and run
// by Node's own test runner. No browser is needed.
//
//   npm test

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ui = dirname(fileURLToPath(import.meta.url));
const out = join(ui, "gen", "tests");

function tests(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".test.js"))
    .map((name) => join(folder, name));
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
execFileSync("go", [
  "tool", "esbuild", ...tests(join(ui, "src")),
  "--bundle", "--platform=node", "--format=esm", "--target=node20", `--outdir=${out}`,
  "--jsx=automatic", "--jsx-import-source=preact", "--loader:.svg=text", "--loader:.css=empty",
  "--log-level=warning", "--sourcemap=inline", "--define:DEV=true", "--define:WORKERS={}",
], { cwd: dirname(dirname(ui)), stdio: ["ignore", "inherit", "inherit"] });
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...tests(out)], {
  stdio: "inherit",
});
process.exit(run.status ?? 1);
