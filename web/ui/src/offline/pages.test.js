import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Assets } from "./assets";
import { FakeCaches, FakeServer } from "./fakes";
import { KeptPages } from "./kept";
import { Pages } from "./pages";

const origin = "https://backrow.test";
const record = new URL("/record", origin);
let caches;
let server;
let now;
let late; // resolves the limit for the server's answer
let waited;

/** A service worker of a version, as it is after a start: only the caches are older than it. */
function worker(version = server.version) {
  const assets = new Assets(caches, `v${version}`, [`/assets/site-${version}.js`], server.ask);
  const kept = new KeptPages(caches, () => now);
  const pass = () => new Promise((resolve) => { late = resolve; });
  return { assets, kept, pages: new Pages({ assets, kept, ask: server.ask, origin, pass }) };
}

async function install(version) {
  const made = worker(version);
  await made.assets.install();
  await made.pages.keepAway();
  return made;
}

/** Opens a page, and waits until all that goes on after the answer is over. */
async function open({ pages }, url, answer = () => server.ask(url.href)) {
  waited = [];
  const got = await pages.open(url, answer(), (work) => waited.push(work));
  return { got, text: await got.text(), settled: () => settle() };
}

async function settle() {
  for (let n = 0; n < waited.length; n++) await waited[n].catch(() => undefined);
}

async function visit(made, path) {
  const opened = await open(made, new URL(path, origin));
  await settle();
  return opened;
}

beforeEach(() => {
  caches = new FakeCaches();
  server = new FakeServer();
  now = 1_700_000_000_000;
});

test("the recorder opens without a network, for who was signed in", async () => {
  const made = await install();
  server.person = "dana";
  await visit(made, "/");
  server.reachable = false;
  const { got, text } = await visit(worker(), "/record");
  assert.match(text, /data-person="dana"/);
  assert.equal(got.status, 200);
  assert.equal(got.headers.get("Content-Security-Policy"), "default-src 'none'");
  assert.match((await visit(worker(), "/people/1")).text, /No connection/);
  assert.equal((await visit(worker(), "/people/1")).got.status, 503);
});

test("nothing is kept of other pages", async () => {
  const made = await install();
  server.person = "dana";
  server.page = (path) => new Response(`the page ${path} <script src="/assets/site-1.js">`,
    { headers: { "Backrow-Person": "dana" } });
  for (const path of ["/", "/recordings/1", "/people/2", "/admin"]) await visit(made, path);
  assert.doesNotMatch(await caches.text(), /the page \/(recordings|people|admin|\s)/);
});

for (const [how, leave] of [
  ["signs out", (made) => made.pages.signOut(() => server.ask("/logout"))],
  ["signs out without a network", (made) => made.pages.signOut(() => Promise.reject(new TypeError()))],
  ["is not signed in any more, as any page says", (made) => { server.person = "nobody"; return visit(made, "/login"); }],
  ["is sent from the recorder to the sign-in page", (made) => { server.person = "nobody"; return visit(made, "/record"); }],
  ["is followed by somebody else", (made) => { server.person = "bo"; return visit(made, "/"); }],
  ["may not record any more", (made) => { server.status = 403; return visit(made, "/record"); }],
  ["has not been here for a month", () => { now += 31 * 86_400_000; }],
]) {
  test(`what is kept goes when its person ${how}`, async () => {
    const made = await install();
    server.person = "dana";
    await visit(made, "/record");
    assert.match(await caches.text(), /dana/);
    await leave(made);
    server.reachable = false;
    assert.doesNotMatch((await visit(worker(), "/record")).text, /dana/);
    assert.doesNotMatch(await caches.text(), /dana/);
  });
}

test("a recorder that was asked for before its person signed out is not kept after it", async () => {
  const made = await install();
  server.person = "dana";
  const page = server.page("/record");
  let answer;
  const asking = server.ask;
  server.ask = (url) => (url.includes("/record") ? new Promise((resolve) => { answer = () => resolve(page); }) : asking(url));
  const { pages, kept } = worker();
  const keeping = pages.keep();
  await pages.signOut(() => asking("/logout"));
  answer();
  await keeping;
  assert.equal(await kept.find(record), undefined);
});

test("a server that is slow is not waited for longer than the limit", async () => {
  const made = await install();
  server.person = "dana";
  await visit(made, "/record");
  let answer;
  const opening = open(made, record, () => new Promise((resolve) => { answer = resolve; }));
  await new Promise((resolve) => setImmediate(resolve));
  late();
  assert.match((await opening).text, /dana/);
  server.person = "nobody"; // and what it says at last counts: it was somebody's who is not signed in
  answer(server.page("/record"));
  await settle();
  assert.doesNotMatch(await caches.text(), /dana/);
});

test("where nothing is kept, a slow server is waited for", async () => {
  const made = await install();
  let answer;
  const opening = open(made, record, () => new Promise((resolve) => { answer = resolve; }));
  await new Promise((resolve) => setImmediate(resolve));
  late();
  server.person = "dana";
  answer(server.page("/record"));
  assert.match((await opening).text, /dana/);
});

test("a server that has trouble is as good as none", async () => {
  const made = await install();
  server.person = "dana";
  await visit(made, "/record");
  const { text } = await open(made, record, async () => new Response("Bad gateway", { status: 502 }));
  assert.match(text, /dana/);
  assert.match(await caches.text(), /dana/);
});

test("each program has its own recorder", async () => {
  const made = await install();
  server.person = "dana";
  const [first, second] = ["1", "2"].map((n) => `0190aaaa-0000-7000-8000-00000000000${n}`);
  await visit(made, `/record?program=${first}`);
  server.program = second;
  await visit(made, `/record?program=${second}`);
  server.reachable = false;
  assert.match((await visit(made, `/record?program=${first}`)).text, new RegExp(first));
  assert.match((await visit(made, "/record")).text, new RegExp(second), "the one opened last");
  assert.match((await visit(made, "/record?program=0190aaaa-0000-7000-8000-000000000003")).text, /No connection/);
});

test("the recorder is asked for once in an hour, and whenever it is opened", async () => {
  const made = await install();
  server.person = "lead";
  server.status = 403; // in no program
  const asked = () => server.asked.filter((path) => path === "/record").length;
  for (let n = 0; n < 3; n++) await open(made, new URL("/", origin), async () =>
    new Response("", { headers: { "Backrow-Person": "lead" } })).then(settle);
  assert.equal(asked(), 1);
  now += 3_700_000;
  server.status = 200;
  await visit(made, "/");
  assert.equal(asked(), 2);
  await visit(made, "/record");
  assert.equal(asked(), 4, "opened, and kept");
});

test("a new version: old tabs have their parts, and the page that is kept has its own", async () => {
  const old = await install(1);
  server.person = "dana";
  await visit(old, "/record");
  server.version = 2;

  await visit(old, "/record"); // the new server, before its service worker is here
  server.reachable = false;
  const before = await visit(worker(1), "/record");
  assert.match(before.text, /"v":1/, "the page whose parts are here");
  assert.ok(await worker(1).assets.find("/assets/site-1.js"));

  server.reachable = true;
  const fresh = await install(2);
  await fresh.pages.keep();
  await fresh.assets.tidy();
  server.reachable = false;
  assert.match((await visit(worker(2), "/record")).text, /"v":2/);
  assert.ok(await worker(2).assets.find("/assets/site-1.js"), "an old tab loads what it lacks");
});

test("a server that went back to an older version", async () => {
  await install(1);
  server.person = "dana";
  server.version = 2;
  const newer = await install(2);
  await newer.pages.keep();
  server.version = 1;
  const older = await install(1);
  await older.pages.keep();
  await older.assets.tidy();
  server.reachable = false;
  assert.match((await visit(worker(1), "/record")).text, /"v":1/);
});

test("of old versions the last few are kept", async () => {
  for (let version = 1; version <= 7; version++) {
    server.version = version;
    await (await install(version)).assets.tidy();
  }
  const names = (await caches.keys()).filter((name) => name.startsWith("backrow-assets-"));
  assert.deepEqual(names, ["v4", "v5", "v6", "v7"].map((version) => `backrow-assets-${version}`));
});

test("a version is installed whole or not at all", async () => {
  server.version = 2;
  await assert.rejects(install(1), /site-1.js answers 404/);
});
