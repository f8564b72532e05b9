import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../lib/api";
import { blobOf, Disk, FakeVault, Ground, lessonOf, settle, takeOf } from "./fakes";
import { lockOf } from "./locks";
import { Sender } from "./sender";

/** A laptop that keeps a lesson of three blobs, and a server. */
async function world({ lesson = {}, take = {}, blobs = 3 } = {}) {
  const w = {
    disk: new Disk(), ground: new Ground(), at: 0, date: Date.parse("2026-03-01T08:10:00Z"),
    held: new Set(), waits: [], locked: 0, lost: null,
  };
  w.vault = new FakeVault(w.disk.store());
  await w.vault.begin(lessonOf(lesson));
  if (blobs > 0) await w.vault.note("r1", takeOf(take));
  for (let n = 1; n <= blobs; n++) await w.vault.append("r1", "t1", n, n * 1500, blobOf(n));
  w.sender = new Sender({
    vault: async () => w.vault,
    hold: async (_, { lost }) => { w.locked++; w.lost = lost; return () => { w.locked--; }; },
    heldNow: async () => w.held,
    request: w.ground.request, fetch: w.ground.fetch,
    pass: (ms) => new Promise((resolve) => { w.waits.push({ due: w.at + ms, resolve }); }),
    now: () => w.at, date: () => w.date,
  });
  /** Lets time pass, and everything that it sets off happen. */
  w.pass = async (ms = 0) => {
    await settle(100);
    const end = w.at + ms;
    for (;;) {
      const next = w.waits.filter((wait) => wait.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      w.waits.splice(w.waits.indexOf(next), 1);
      w.at = Math.max(w.at, next.due);
      next.resolve();
      await settle(100);
    }
    w.at = end;
  };
  w.ended = (reason = "stopped", lengthMS = 4500) => w.vault.close("r1", "t1", reason, lengthMS);
  w.stopped = async () => { await w.ended(); await w.vault.change("r1", { taughtMS: 4500 }); };
  w.told = () => w.sender.lessons.value[0];
  return w;
}

test("a lesson that is over is sent, finished, confirmed, and let go", async () => {
  const w = await world();
  await w.stopped();
  w.sender.start();
  await w.pass();
  const take = w.ground.takes.get("t1");
  assert.deepEqual(take.facts, {
    source: "camera", offset_ms: 0, started_at: "2026-03-01T08:00:00Z", media_type: "video/mp4",
  });
  assert.deepEqual([...take.blobs.keys()].sort(), [1, 2, 3]);
  assert.match(take.blobs.get(1).digest, /^sha-256=:[\w+/]{43}=:$/);
  assert.deepEqual(take.ended, { blobs: 3, length_ms: 4500, reason: "stopped" });
  assert.equal(w.ground.finished, 4500);
  assert.deepEqual(await w.vault.lessons(), []);
  assert.equal(w.told().state, "sent");
  assert.equal(w.told().bytesLeft, 0);
  w.sender.stop();
  await w.pass();
  assert.equal(w.locked, 0);
});

test("the end is told before the rest is sent: the lesson can be watched meanwhile", async () => {
  const w = await world();
  await w.stopped();
  w.sender.start();
  await w.pass();
  const { requests } = w.ground;
  assert.ok(requests.indexOf("PUT take") < requests.indexOf("POST finish"));
  assert.ok(requests.indexOf("POST finish") < requests.indexOf("PUT blobs"));
});

test("nothing is let go that the server has not confirmed", async () => {
  const w = await world();
  await w.stopped();
  w.ground.complete = false; // it is still being made into what is played
  w.sender.start();
  await w.pass();
  assert.equal(w.told().state, "sent", "all of it is stored");
  assert.equal((await w.vault.lessons()).length, 1);
  w.ground.complete = true;
  await w.pass(120_000);
  assert.deepEqual(await w.vault.lessons(), []);
});

test("only what is missing is sent, by whichever page comes next", async () => {
  const w = await world();
  w.sender.start();
  w.ground.refuse["PUT blobs"] = 0;
  await w.pass();
  assert.equal(w.told().state, "waiting");
  w.sender.stop();
  w.ground.takes.get("t1").blobs.set(2, { bytes: blobOf(2) });
  w.ground.requests = [];
  w.ground.refuse = {};
  await w.stopped();
  const next = await anotherPage(w);
  next.start();
  await w.pass(60_000);
  assert.equal(w.ground.count("PUT blobs"), 2);
  assert.deepEqual(await w.vault.lessons(), []);
});

async function anotherPage(w) {
  const outside = w.sender.outside;
  return new Sender(outside);
}

test("a network that is away is tried again, ever more seldom; its return hurries", async () => {
  const w = await world();
  await w.stopped();
  w.ground.refuse["PUT take"] = 0;
  w.sender.start();
  await w.pass(60_000);
  const tries = w.ground.count("PUT take");
  assert.ok(tries > 5 && tries < 30, `${tries} tries in a minute`);
  assert.equal(w.told().state, "waiting");
  w.ground.refuse = {};
  w.sender.hurry();
  await w.pass();
  assert.equal(w.told().state, "sent");
});

test("a server that says when to come back is left alone until then", async () => {
  const w = await world();
  await w.stopped();
  w.ground.refuse["PUT blobs"] = [503, { detail: "Full." }, { "Retry-After": "20" }];
  w.ground.fetch = ((fetch) => async (path, init) => (
    w.ground.refuse["PUT blobs"] && path.includes("/blobs/")
      ? (w.ground.requests.push("PUT blobs"),
        { ok: false, status: 503, text: async () => '{"detail":"Full."}', headers: { get: () => "20" } })
      : fetch(path, init)))(w.ground.fetch);
  w.sender.outside.fetch = w.ground.fetch;
  w.sender.start();
  await w.pass();
  const tries = w.ground.count("PUT blobs");
  await w.pass(19_000);
  assert.equal(w.ground.count("PUT blobs"), tries);
  assert.equal(w.told().sentence, "Full.");
  w.ground.refuse = {};
  await w.pass(10_000);
  assert.equal(w.told().state, "sent");
});

test("a refusal for good is told in the server's words, and the lesson stays", async () => {
  for (const status of [400, 403, 404, 409, 410, 413]) {
    const w = await world();
    await w.stopped();
    w.ground.refuse["PUT blobs"] = status;
    w.sender.start();
    await w.pass(600_000);
    assert.equal(w.told().state, "refused");
    assert.equal(w.told().sentence, `No: ${status}.`);
    assert.ok(w.ground.count("PUT blobs") <= 3, "nobody is pestered");
    const [lesson] = await w.vault.lessons();
    assert.deepEqual(lesson.refused, { status, sentence: `No: ${status}.` });
    assert.equal(lesson.takes[0].blobs, 3);
    w.sender.stop();
    w.ground.refuse = {};
    const next = await anotherPage(w); // the next page tries it once more
    next.start();
    await w.pass();
    assert.deepEqual(await w.vault.lessons(), []);
  }
});

test("a token that has run out is renewed by whoever the lesson belongs to, and nobody else", async () => {
  const w = await world();
  await w.stopped();
  w.ground.token = "brt_2";
  w.ground.me = "ben"; // a shared laptop
  w.sender.start();
  await w.pass();
  assert.equal(w.told().state, "signed_out");
  assert.equal(w.ground.count("POST capture-token"), 0);
  w.ground.me = null;
  await w.pass(60_000);
  assert.equal(w.told().state, "signed_out");
  w.ground.me = "anna";
  w.sender.hurry();
  await w.pass(2000);
  assert.equal(w.told().state, "sent");
});

test("a lesson begun without the server is made there first, by its own person", async () => {
  const w = await world({ lesson: { registered: false, token: "" } });
  await w.stopped();
  w.ground.me = "ben";
  w.sender.start();
  await w.pass();
  assert.deepEqual(w.ground.made, []);
  assert.equal(w.told().state, "signed_out");
  w.ground.me = "anna";
  await w.pass(60_000);
  assert.deepEqual(w.ground.made, [{ id: "r1", title: "Fractions", started_at: "2026-03-01T08:00:00Z" }]);
  assert.equal(w.told().state, "sent");
});

test("while it is recorded, blobs go as they come, and the take stays open", async () => {
  const w = await world({ blobs: 1 });
  w.held.add(lockOf("r1"));
  w.sender.start({ steal: true });
  await w.pass();
  assert.equal(w.ground.takes.get("t1").blobs.size, 1);
  for (let n = 2; n <= 5; n++) {
    await w.vault.append("r1", "t1", n, n * 1500, blobOf(n));
    await w.pass();
  }
  assert.equal(w.ground.takes.get("t1").blobs.size, 5);
  assert.equal(w.ground.takes.get("t1").ended, undefined);
  assert.equal(w.told().safeUntilMs, 7500);
  assert.equal(w.told().recordingNow, true);
  assert.equal(w.ground.finished, null);
  await w.ended("paused", 7500);
  await w.pass();
  assert.equal(w.ground.takes.get("t1").ended.reason, "paused");
  assert.equal((await w.vault.lesson("r1")).takes[0].confirmed, true);
});

test("by how much the picture is too early is told, and the first blob goes before the others", async () => {
  const w = await world({ blobs: 6, take: { pictureLeadMS: 29 } });
  const fetch = w.ground.fetch;
  const puts = [];
  w.ground.fetch = w.sender.outside.fetch = async (path, init) => {
    const number = /blobs\/(\d+)$/.exec(path)?.[1];
    if (number) puts.push(`${number} of ${w.ground.takes.get("t1").blobs.size}`);
    return fetch(path, init);
  };
  await w.stopped();
  w.sender.start();
  await w.pass();
  assert.equal(w.ground.takes.get("t1").facts.picture_lead_ms, 29);
  assert.deepEqual(puts.slice(0, 4), ["1 of 0", "2 of 1", "3 of 1", "4 of 1"]);
});

test("one at a time beside a live picture, and with rests; several when nothing is live", async () => {
  const w = await world({ blobs: 6 });
  w.sender.live = () => ({ suffers: false });
  w.sender.start();
    await w.pass(0);
  await w.pass(100_000);
  assert.equal(w.ground.atOnce.most, 1);
  const other = await world({ blobs: 6 });
  other.sender.start();
  await other.pass();
  assert.ok(other.ground.atOnce.most > 1 && other.ground.atOnce.most <= 3, `${other.ground.atOnce.most}`);
});

test("what a page that died left open is ended; the lesson is finished when nobody comes back", async () => {
  const w = await world();
  w.sender.start();
  await w.pass();
  assert.deepEqual(w.ground.takes.get("t1").ended, { blobs: 3, length_ms: 4500, reason: "crash" });
  assert.equal(w.ground.finished, null, "it may be gone on with");
  w.date += 2 * 60 * 60_000;
  await w.pass(2 * 60 * 60_000);
  assert.equal(w.ground.finished, 4500);
  assert.deepEqual(await w.vault.lessons(), []);
});

test("one of which nothing is here is not finished from here: another laptop may have it", async () => {
  const w = await world({ blobs: 0, lesson: { startedAt: "2026-03-01T07:00:00Z" } });
  w.date = Date.parse("2026-03-01T07:30:00Z");
  w.sender.start();
  await w.pass(60_000);
  assert.equal((await w.vault.lessons()).length, 1, "its page may go on with it");
  w.date = Date.parse("2026-03-01T08:00:01Z");
  w.sender.stop();
  await w.pass();
  const next = await anotherPage(w);
  next.start();
  await w.pass(60_000);
  assert.deepEqual(await w.vault.lessons(), []);
  assert.equal(w.ground.count("POST finish"), 0);
});

test("whom it was to go to may be gone by the time the server hears of it: it goes there all the same", async () => {
  const create = { id: "r1", title: "Fractions", share_with: ["gone"] };
  const w = await world({ lesson: { registered: false, token: "", create } });
  await w.stopped();
  const request = w.ground.request;
  const asked = [];
  w.sender.outside.request = async (method, path, options) => {
    if (path === "/api/recordings") asked.push(options.body);
    if (options?.body?.share_with) throw new Problem(422, "Maya cannot sign in any more.");
    return request(method, path, options);
  };
  w.ground.complete = false;
  w.sender.start();
  await w.pass();
  assert.equal(w.told().without, "Maya cannot sign in any more.");
  assert.deepEqual(asked.at(-1), { id: "r1", title: "Fractions", started_at: "2026-03-01T08:00:00Z" });
  assert.equal(w.ground.finished, 4500);
});

test("a lesson of which nothing was recorded, and that the server never heard of, is let go", async () => {
  const w = await world({ lesson: { registered: false }, blobs: 0 });
  w.sender.start();
  await w.pass();
  assert.deepEqual(await w.vault.lessons(), []);
  assert.deepEqual(w.ground.requests, []);
});

test("a blob that cannot be read any more loses nothing else", async () => {
  const w = await world();
  await w.stopped();
  const file = w.disk.file("t1/000001");
  file.bytes = file.bytes.slice(0, 1500);
  w.sender.start();
  await w.pass(1000);
  assert.equal(w.told().state, "refused");
  assert.ok(w.ground.takes.get("t1").blobs.has(1));
  assert.equal(w.ground.takes.get("t1").ended, undefined);
  assert.equal((await w.vault.lessons()).length, 1);
});

test("a page that takes over ends what this one does; it waits for its turn again", async () => {
  const w = await world();
  await w.stopped();
  w.ground.refuse["PUT take"] = 0;
  w.sender.start();
  await w.pass();
  w.ground.refuse = {};
  const held = w.locked;
  w.lost();
  await w.pass(60_000);
  assert.ok(w.locked >= held);
  assert.equal(w.told().state, "sent");
});
