// Builds what the browser gets: bundles each island with esbuild (run through `go tool`), the
// site's style and fonts, and the icons that the templates name, into pages/dist, under names
// that carry a hash, each file compressed once beside it. The server embeds that folder.
//
//   node web/ui/build.mjs [--dev] [--no-types]
//
// An island is a folder src/NAME with an index.ts or index.tsx; a template loads it by
// {{assets "NAME"}}. A file NAME.worker.ts is a worker: a bundle of its own, whose address the
// islands know as WORKERS.NAME. The service worker, src/offline, comes last: it names the others.
// --dev leaves out minifying; --no-types leaves gen/api.d.ts as it is.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync,
} from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { drawIcons } from "./icons.mjs";

const ui = dirname(fileURLToPath(import.meta.url));
const web = dirname(ui);
const dist = join(web, "pages", "dist");
const gen = join(ui, "gen");
const assets = join(gen, `dist-${process.pid}`); // moved to dist when it is whole
const dev = process.argv.includes("--dev");

// What a first load may weigh, compressed: interface.md. The heavy rooms may weigh more.
const budget = 200_000;
const heavy = new Map([["review", 350_000], ["call", 350_000]]);

/** Every file below a folder. */
function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

/** The islands: folders of src that have an index. */
function islands() {
  const src = join(ui, "src");
  if (!existsSync(src)) return [];
  return readdirSync(src)
    .flatMap((name) => ["index.tsx", "index.ts"].map((file) => [name, join(src, name, file)]))
    .filter(([, path]) => existsSync(path));
}

/** Types of the JSON API from the server's own description. */
function types() {
  mkdirSync(gen, { recursive: true });
  const description = join(gen, "openapi.json");
  writeFileSync(description, execFileSync("go", ["run", "./cmd/backrow", "openapi"], { cwd: dirname(web) }));
  execFileSync(process.execPath, [
    join(web, "node_modules", "openapi-typescript", "bin", "cli.js"), description,
    "--output", join(gen, "api.d.ts"),
  ], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Bundles entries for the browser and answers esbuild's account of what it made. */
function esbuild(entries, options) {
  const meta = join(gen, `meta-${process.pid}.json`);
  execFileSync("go", [
    "tool", "esbuild", ...entries,
    "--bundle", `--outdir=${assets}`, `--metafile=${meta}`,
    "--entry-names=[name]-[hash]", "--chunk-names=chunk-[hash]", "--asset-names=[name]-[hash]",
    "--target=es2022,chrome114,firefox115,safari16.4",
    "--legal-comments=none", "--log-level=warning",
    `--public-path=/assets/`, `--define:DEV=${dev}`, ...(dev ? ["--sourcemap=inline"] : ["--minify"]),
    ...options,
  ], { cwd: dirname(web), stdio: ["ignore", "inherit", "inherit"] });
  const made = JSON.parse(readFileSync(meta, "utf8"));
  rmSync(meta);
  return made;
}

/** The workers' addresses, by name: each is one classic script, which every browser can start. */
function workers() {
  const found = [...walk(join(ui, "src"))].filter((path) => path.endsWith(".worker.ts"));
  if (found.length === 0) return {};
  const made = esbuild(found, ["--format=iife"]);
  return Object.fromEntries(Object.entries(made.outputs).map(([output, about]) =>
    [basename(about.entryPoint, ".worker.ts"), `/assets/${name(output)}`]));
}

function bundle(scripts) {
  const entries = islands().map(([name, path]) => `${name}=${path}`);
  entries.push(`site-style=${join(ui, "styles", "site.css")}`);
  return esbuild(entries, [
    "--splitting", "--format=esm", "--jsx=automatic", "--jsx-import-source=preact",
    "--loader:.woff2=file", "--loader:.svg=text", `--define:WORKERS=${JSON.stringify(scripts)}`,
  ]);
}

const name = (output) => basename(output);

/** What the manifest says of each entry point. */
function entriesOf(meta) {
  const entries = {};
  for (const [output, about] of Object.entries(meta.outputs)) {
    if (!about.entryPoint) continue;
    if (about.entryPoint.endsWith("styles/site.css")) {
      const fonts = about.imports.map((i) => name(i.path));
      entries.site = { ...entries.site, styles: [name(output)],
        // The two that every page sets type with; the rest come when a text needs them.
        fonts: fonts.filter((f) => /-(next|mono)-latin-wght-normal-/.test(f)).slice(0, 2) };
      continue;
    }
    const island = /^web\/ui\/src\/([^/]+)\/index\.tsx?$/.exec(about.entryPoint)?.[1];
    if (!island) continue; // loaded later, by an import()
    const preloads = new Set();
    const follow = (path) => {
      for (const i of meta.outputs[path]?.imports ?? []) {
        if (i.kind !== "import-statement" || i.external || preloads.has(name(i.path))) continue;
        preloads.add(name(i.path));
        follow(i.path);
      }
    };
    follow(output);
    const had = entries[island] ?? {};
    entries[island] = { ...had, script: name(output), preloads: [...preloads],
      styles: [...(had.styles ?? []), ...(about.cssBundle ? [name(about.cssBundle)] : [])] };
  }
  return entries;
}

/** The inside of each Lucide icon that a template names. */
function icons() {
  const found = new Set();
  for (const path of walk(join(web, "pages"))) {
    if (extname(path) !== ".html") continue;
    for (const [, icon] of readFileSync(path, "utf8").matchAll(/\bicon "([a-z0-9-]+)"/g)) found.add(icon);
  }
  const out = {};
  for (const icon of [...found].sort()) {
    const file = join(web, "node_modules", "lucide-static", "icons", `${icon}.svg`);
    const svg = readFileSync(file, "utf8").replace(/<!--.*?-->/gs, "");
    out[icon] = svg.replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, "").replace(/\s+/g, " ").trim();
  }
  return out;
}

/** Files that go out as they are, under a hashed name. */
function plain() {
  const drawn = join(gen, `icons-${process.pid}`);
  mkdirSync(drawn);
  drawIcons(drawn);
  const paths = {};
  for (const path of [...walk(join(ui, "static")), ...walk(drawn)]) {
    const hash = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 8);
    const file = basename(path);
    const hashed = file.replace(/(\.[^.]+)$/, `-${hash}$1`);
    copyFileSync(path, join(assets, hashed));
    paths[file] = hashed;
  }
  rmSync(drawn, { recursive: true });
  return paths;
}

/** What a page of these entry points can ask for, now or later, without the server: their scripts
 *  and all that those import, their styles, and the fonts. */
function partsOf(meta, islands) {
  const parts = new Set();
  const follow = (path) => {
    const about = meta.outputs[path];
    if (!about || parts.has(name(path))) return;
    parts.add(name(path));
    if (about.cssBundle) follow(about.cssBundle);
    for (const i of about.imports) if (!i.external || i.kind === "url-token") follow(i.path);
  };
  for (const [path, about] of Object.entries(meta.outputs)) {
    const island = /^web\/ui\/src\/([^/]+)\/index\.tsx?$/.exec(about.entryPoint)?.[1];
    if (islands.includes(island) || about.entryPoint?.endsWith("styles/site.css")) follow(path);
  }
  return [...parts];
}

/** Builds the service worker around the names of what it keeps, and answers its own. */
function serviceWorker(meta, scripts, paths) {
  const kept = [...partsOf(meta, ["site", "recorder"]).map((part) => `/assets/${part}`),
    ...Object.values(scripts), `/assets/${paths["mark.svg"]}`].sort();
  const version = createHash("sha256").update(kept.join("\n")).digest("hex").slice(0, 12);
  const made = esbuild([join(ui, "src", "offline", "service-worker.ts")], [
    "--format=iife", `--define:ASSETS=${JSON.stringify(kept)}`, `--define:VERSION=${JSON.stringify(version)}`,
  ]);
  return name(Object.keys(made.outputs)[0]);
}

const compressible = new Set([".js", ".css", ".svg", ".json"]);

function compress() {
  for (const path of walk(assets)) {
    if (!compressible.has(extname(path)) || basename(path) === "manifest.json") continue;
    const raw = readFileSync(path);
    const br = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: dev ? 4 : 11 } });
    const gz = gzipSync(raw, { level: dev ? 1 : 9 });
    if (br.length < raw.length) writeFileSync(path + ".br", br);
    if (gz.length < raw.length) writeFileSync(path + ".gz", gz);
  }
}

/** Compressed bytes of script and style at a first load, by entry. */
function weigh(entries) {
  const size = (file) => {
    const gz = join(assets, file + ".gz"); // what the older of the two codings weighs
    return statSync(existsSync(gz) ? gz : join(assets, file)).size;
  };
  const files = (e) => [e.script, ...(e.preloads ?? []), ...(e.styles ?? [])].filter(Boolean);
  let over = false;
  for (const [entry, e] of Object.entries(entries)) {
    const all = new Set([...files(e), ...files(entries.site)]);
    const bytes = [...all].reduce((sum, file) => sum + size(file), 0);
    const most = heavy.get(entry) ?? budget;
    console.log(`${entry.padEnd(10)} ${(bytes / 1000).toFixed(1).padStart(7)} kB of ${most / 1000} kB`);
    if (bytes > most && !dev) over = true;
  }
  if (over) throw new Error("a first load is over the budget of interface.md");
}

/** Puts the new files where the server looks: others may be reading there meanwhile. */
function publish() {
  const fresh = new Set(readdirSync(assets));
  for (const file of fresh) {
    if (file !== "manifest.json") renameSync(join(assets, file), join(dist, file));
  }
  renameSync(join(assets, "manifest.json"), join(dist, "manifest.json"));
  for (const file of readdirSync(dist)) {
    if (file !== ".keep" && !fresh.has(file)) rmSync(join(dist, file), { recursive: true });
  }
}

mkdirSync(gen, { recursive: true });
mkdirSync(assets);
try {
  if (!process.argv.includes("--no-types")) types();
  const scripts = workers();
  const meta = bundle(scripts);
  const [entries, paths] = [entriesOf(meta), plain()];
  paths["service-worker.js"] = serviceWorker(meta, scripts, paths);
  const manifest = { entries, workers: scripts, paths, icons: icons() };
  compress();
  writeFileSync(join(assets, "manifest.json"), JSON.stringify(manifest, null, 1));
  weigh(entries);
  publish();
} finally {
  rmSync(assets, { recursive: true, force: true });
}
