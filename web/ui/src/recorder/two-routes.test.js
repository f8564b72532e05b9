import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Problem } from "../lib/api";
import { lockOf } from "../local/locks";
import { keeping, settle, world } from "./fakes";
import { say } from "./light";
import { Recorder } from "./recorder";

// Keys stand for their texts.
globalThis.document = { getElementById: () => ({ textContent: "{}" }), documentElement: { lang: "en" } };

const details = { programID: "p", title: "Fractions", className: "5b", targets: [], people: [] };

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
afterEach(() => mock.timers.reset());

const rest = async () => { for (let n = 0; n < 60; n++) await settle(); };

/** Time passes; each second and a half the recorder hands out what it has. */
async function pass(w, ms, step = 250) {
  for (let done = 0; done < ms; done += step) {
    w.now += step;
    mock.timers.tick(step);
    w.passed = (w.passed ?? 0) + step;
    if (w.passed % 1500 === 0 && w.recorders.at(-1)?.state === "recording") w.recorders.at(-1).give();
    await rest();
    w.recorder.readClock();
  }
}

async function ready(change = {}) {
  const w = keeping(world(), change.disk);
  Object.assign(w.server.refuse, change.refuse);
  Object.assign(w.server, change.server);
  if (change.unfinished) w.unfinished = change.unfinished;
  w.recorder = new Recorder(w.outside);
  await w.recorder.open();
  await rest();
  return w;
}

async function recording(change) {
  const w = await ready(change);
  await w.recorder.start(details);
  w.now += 50;
  w.recorders[0].begin();
  await rest();
  return w;
}

const id = (w) => w.recorder.lesson.value.recording;
const kept = (w) => w.vault.lesson(id(w));
const light = (w) => `${say(w.recorder).colour} ${say(w.recorder).headline}`;
const sent = (w, change) => {
  w.outside.sender.lessons.value = [{
    recording: id(w), state: "sending", sentence: "", bytesLeft: 0, safeUntilMs: 0, recordingNow: true,
    finished: false, ...change,
  }];
};

test("a lesson begins here at once, and there when the server has answered", async () => {
  const w = await ready();
  const starting = w.recorder.start(details);
  await starting;
  assert.equal(w.recorder.phase.value, "recording");
  assert.ok(w.locks.has(lockOf(id(w))));
  w.now += 50;
  w.recorders[0].begin();
  await rest();
  w.recorder.readClock();
  assert.equal(w.recorder.elapsed.value, 33, "from the first frame that is kept");
  const lesson = await kept(w);
  assert.equal(lesson.registered, true);
  assert.equal(lesson.token, "brt_1");
  assert.equal(lesson.personName, "Anna");
  assert.equal(w.server.takes.length, 1);
  assert.equal(w.server.last.token, "brt_1");
  assert.equal(w.server.last.size.maxLines, 480, "a modest picture beside the one that is kept");
});

test("the live take says at which time of the wall the clock would have read nothing", async () => {
  const w = await recording();
  const zero = Number(new URL(w.server.last.address, "http://x").searchParams.get("zero_unix_ms"));
  assert.equal(zero, w.outside.origin + 17);
});

test("green while the server has the last ten seconds, amber while only this laptop has them", async () => {
  const w = await recording();
  w.server.last.connection.become("connected");
  await pass(w, 3000);
  assert.equal(light(w), "amber record.first_seconds");
  w.server.saved.until_ms = 2000;
  await pass(w, 1000);
  assert.equal(light(w), "green record.saved_until");
  await pass(w, 9000);
  assert.equal(light(w), "amber record.on_laptop");
  assert.match(say(w.recorder).more, /record.left_here/);
  sent(w, { safeUntilMs: 12_000 });
  assert.equal(light(w), "green record.saved_until", "it came by the other route");
});

test("without a server the lesson is kept, and goes there when it is back", async () => {
  const w = await recording({ refuse: { "POST recordings": 0 } });
  await pass(w, 15_000);
  assert.equal(light(w), "amber record.on_laptop");
  assert.match(say(w.recorder).more, /record.offline_kept/);
  assert.ok(w.server.count("POST recordings") > 2);
  assert.equal(w.server.takes.length, 0);
  w.server.refuse = {};
  await pass(w, 10_000);
  assert.equal((await kept(w)).registered, true);
  assert.equal(w.server.takes.length, 1);
});

test("a server that refuses for good is quoted, and the lesson stays here", async () => {
  const w = await recording({ refuse: { "POST recordings": 403 } });
  await pass(w, 15_000);
  assert.equal(w.recorder.phase.value, "recording");
  assert.equal(light(w), "amber record.on_laptop");
  assert.match(say(w.recorder).more, /^No: 403. record.stays_here/);
  assert.equal(w.server.count("POST recordings"), 1);
  assert.equal(w.server.takes.length, 0);
  assert.equal((await kept(w)).refused.status, 403);
  const stopped = w.recorder.stop();
  await pass(w, 2000);
  assert.equal(await stopped, null);
  assert.equal(w.recorder.phase.value, "kept");
  assert.match(say(w.recorder).more, /^No: 403/);
});

test("who is signed out goes on teaching", async () => {
  const w = await recording({ refuse: { "POST recordings": 401 } });
  await pass(w, 12_000);
  assert.equal(light(w), "amber record.on_laptop");
  assert.ok(say(w.recorder).signIn);
  w.server.refuse = {};
  await pass(w, 5000);
  assert.equal(w.recorder.signedOut.value, false);
  assert.equal((await kept(w)).registered, true);
});

test("a token that has run out is renewed with the session", async () => {
  const w = await recording();
  w.server.refuse["GET saved"] = 401;
  await pass(w, 1250);
  assert.equal(w.recorder.signedOut.value, false);
  assert.equal((await kept(w)).token, "brt_2");
});

test("a network that lets nothing live through is no gap and no alarm", async () => {
  const w = await recording();
  w.server.last.connection.become("connected");
  await pass(w, 2000);
  w.server.last.connection.become("failed");
  w.server.publishing = 0;
  w.server.saved.until_ms = 3000;
  await pass(w, 6000);
  sent(w, { safeUntilMs: 7000 });
  assert.equal(light(w), "green record.saved_until");
  w.server.publishing = null;
  await pass(w, 10_000);
  w.server.last.connection.become("connected");
  await pass(w, 2000);
  assert.deepEqual(w.recorder.gaps.value, []);
});

test("pause and resume begin takes on both routes, on one clock", async () => {
  const w = await recording();
  await pass(w, 5950);
  w.recorder.pause();
  await rest();
  await pass(w, 20_000, 200);
  w.recorder.resume();
  w.now += 50;
  w.recorders[1].begin();
  await rest();
  const [before, after] = (await kept(w)).takes;
  assert.equal(before.ended.reason, "paused");
  assert.equal(before.ended.lengthMS, 6233, "it runs on a little, so that nothing is missing where it goes on");
  assert.equal(after.offsetMS, 6033);
  assert.equal(w.server.takes.length, 2);
});

test("the end is kept with its last seconds, told at once, and the lesson's page opened", async () => {
  const w = await recording();
  await pass(w, 5950);
  const stopped = w.recorder.stop();
  await pass(w, 500);
  assert.deepEqual(w.room.live, [], "the camera's light goes out");
  assert.equal(await stopped, `/recordings/${id(w)}`);
  const lesson = await kept(w);
  assert.equal(lesson.taughtMS, 6033);
  assert.equal(lesson.finished, true);
  assert.equal(lesson.takes[0].ended.reason, "stopped");
  assert.equal(w.server.bodies[w.server.requests.indexOf("POST finish")].taught_ms, 6033);
  assert.equal(w.locks.size, 0, "any page may send the rest");
  assert.equal(w.unfinished, null);
});

test("an end that the server does not hear is kept, and nobody has to wait", async () => {
  const w = await recording();
  await pass(w, 3000);
  w.server.refuse["POST finish"] = 0;
  const stopped = w.recorder.stop();
  await pass(w, 1000);
  assert.equal(await stopped, null);
  assert.equal(light(w), "amber record.on_laptop");
  assert.equal((await kept(w)).taughtMS, 2983 + 50);
  assert.equal(w.locks.size, 0);
  sent(w, { finished: true, recordingNow: false });
  assert.equal(w.recorder.phase.value, "over");
});

test("a laptop that cannot record leaves the clock and the whole picture to the live route", async () => {
  const w = await ready();
  w.able = () => false;
  await w.recorder.start(details);
  await rest();
  assert.equal(w.server.last.size.maxLines, Infinity);
  w.server.last.connection.become("connected");
  await pass(w, 2000);
  assert.equal(w.recorder.elapsed.value, 2000);
});

test("a disk that fills up says so, and the live picture is made whole", async () => {
  const w = await recording();
  w.server.last.connection.become("connected");
  await pass(w, 3000);
  w.disk.room = 0;
  await pass(w, 3000);
  assert.equal(w.recorder.local.value.state.value, "full");
  assert.equal(w.server.last.size.maxLines, Infinity);
  w.server.last.connection.become("disconnected");
  assert.equal(light(w), "red record.lost");
  assert.match(say(w.recorder).more, /^record.disk_full/);
});

test("a device that is changed begins a take here, and none there", async () => {
  const w = await recording();
  w.room.cameras.push("usb");
  await w.recorder.inputs.choose("camera", "usb");
  w.recorders[1].begin();
  await rest();
  const [before, after] = (await kept(w)).takes;
  assert.equal(before.ended.reason, "device");
  assert.ok(after);
  assert.equal(w.server.takes.length, 1);
});

test("sound alone: the camera is let go, and both routes begin takes without a picture", async () => {
  const w = await recording();
  w.server.last.connection.become("connected");
  await w.recorder.inputs.choose("camera", "none");
  w.recorders[1].begin();
  await rest();
  assert.deepEqual(w.room.live, ["mic"]);
  assert.match(w.recorders[1].mimeType, /^audio\//);
  assert.equal(w.server.takes.length, 2);
  assert.ok(w.server.takes[0].closed);
});

test("a lesson that the server has given up goes on here", async () => {
  const w = await recording();
  await pass(w, 3000);
  w.server.state = "ready";
  w.server.publishing = 409;
  w.server.last.connection.become("failed");
  await pass(w, 20_000);
  assert.equal(w.recorder.phase.value, "recording");
  assert.ok(w.server.count("GET id") >= 1);
});

test("after a reload the lesson goes on, as another take of the same recording", async () => {
  const before = await recording();
  await pass(before, 5950);
  const unfinished = { ...before.unfinished };
  const w = await ready({ disk: before.disk, unfinished });
  assert.equal(w.recorder.left.value, true);
  w.now = 100_000;
  await w.recorder.continue();
  w.now += 50;
  w.recorders[0].begin();
  await rest();
  const [first, second] = (await w.vault.lesson(unfinished.recording)).takes;
  assert.equal(first.ended.reason, "reload");
  assert.ok(second.offsetMS >= unfinished.elapsed);
  assert.equal(w.server.last.token, "brt_1", "no sign-in is needed to go on");
});

test("one that was begun without a server is not taken for one that is over", async () => {
  const before = await recording({ refuse: { "POST recordings": 0 } });
  await pass(before, 3000);
  const w = await ready({
    disk: before.disk, unfinished: { ...before.unfinished }, refuse: { "GET id": 404, "POST recordings": 0 },
  });
  assert.equal(w.recorder.left.value, true);
  await w.recorder.continue();
  w.recorders[0].begin();
  w.server.refuse = {};
  await pass(w, 3000);
  assert.equal((await w.vault.lesson(before.unfinished.recording)).registered, true);
});

test("one that is saved as it is is finished with what is kept of it", async () => {
  const before = await recording();
  await pass(before, 5950);
  const w = await ready({ disk: before.disk, unfinished: { ...before.unfinished } });
  assert.equal(await w.recorder.stopLeft(), `/recordings/${before.unfinished.recording}`);
  const lesson = await w.vault.lesson(before.unfinished.recording);
  assert.ok(lesson.taughtMS > 0 && lesson.finished);
});

test("a second picture is takes of its own, on the same clock, and ends with its sharing", async () => {
  const w = await recording();
  const track = Object.assign(new EventTarget(), {
    kind: "video", readyState: "live", stop() { this.readyState = "ended"; }, getSettings: () => ({ width: 1, height: 1 }),
  });
  w.outside.second.screen = async () => ({ getTracks: () => [track] });
  await pass(w, 4950);
  await w.recorder.screen.add(() => true);
  w.now += 40;
  w.recorders.at(-1).begin();
  await rest();
  const find = async () => (await kept(w)).takes.find((take) => take.source === "screen");
  assert.equal((await find()).offsetMS, 5033 + 17);
  w.recorders.at(-1).give();
  track.readyState = "ended";
  track.dispatchEvent(new Event("ended"));
  await pass(w, 500);
  assert.equal(w.recorder.screen.stream.value, null);
  assert.equal((await find()).ended.reason, "stopped");
  assert.equal(w.recorder.phase.value, "recording");
});

test("a second picture that is refused changes nothing", async () => {
  const w = await recording();
  w.outside.second.screen = async () => { throw new DOMException("no", "NotAllowedError"); };
  await w.recorder.screen.add(() => true);
  assert.equal(w.recorder.screen.failed.value, false);
  w.outside.second.screen = async () => { throw new DOMException("no", "NotReadableError"); };
  await w.recorder.screen.add(() => true);
  assert.equal(w.recorder.screen.failed.value, true);
  assert.equal(w.recorder.screen.stream.value, null);
});

const elsewhere = (change = {}) => ({
  id: "018f0000-0000-7000-8000-000000000001", title: "Fractions", state: "recording",
  started_at: new Date(Date.now() - 600_000).toISOString(), ...change,
});

async function joined(change) {
  const w = await ready(change);
  w.recorder.join();
  await rest();
  w.now += 50;
  w.recorders[0]?.begin();
  await rest();
  return w;
}

test("a lesson that another laptop was recording goes on here, by both routes", async () => {
  const item = elsewhere();
  const w = await joined({ server: { items: [item], clock: { elapsed_ms: 540_000, running: true } } });
  assert.equal(w.recorder.phase.value, "recording");
  const lesson = await w.vault.lesson(item.id);
  assert.deepEqual([lesson.registered, lesson.token, lesson.personName], [true, "brt_2", "Anna"]);
  assert.equal(lesson.takes.length, 1);
  assert.ok(Math.abs(lesson.takes[0].offsetMS - 540_000) < 100, "where the other page's clock is");
  assert.equal(w.server.last.token, "brt_2");
  assert.ok(w.server.offset(0) >= 540_000);
  assert.deepEqual(w.recorder.gaps.value, [], "what the other laptop has is not missing");
  assert.ok(w.locks.has(lockOf(item.id)));
  assert.equal(w.unfinished.recording, item.id, "a reload finds it again");
  assert.equal(w.server.count("POST recordings"), 0);
});

test("without a word of the other page's clock it goes on where the time since it began is", async () => {
  const w = await joined({ server: { items: [elsewhere()] } });
  assert.ok(Math.abs((await kept(w)).takes[0].offsetMS - 600_000) < 100);
});

test("a clock is never before what is stored, and one that stands goes on where it stood", async () => {
  const server = { items: [elsewhere()], clock: { elapsed_ms: 300_000, running: false } };
  const w = await joined({ server: { ...server, saved: { until_ms: 0, reached_ms: 320_000, live: false, pending: 0 } } });
  assert.ok(Math.abs((await kept(w)).takes[0].offsetMS - 320_000) < 100);
});

test("where another tab records, a lesson from elsewhere is offered still", async () => {
  const w = await ready({ server: { items: [elsewhere()] } });
  w.held = true;
  await w.recorder.join();
  assert.deepEqual([w.recorder.phase.value, w.recorder.refusal.value?.why], ["before", "elsewhere"]);
  assert.equal(w.recorder.lesson.value, null);
  assert.ok(w.recorder.elsewhere.value);
});

test("a server that lets this laptop send later is asked until it does", async () => {
  const server = { items: [elsewhere()], refuse: { "POST capture-token": 0 } };
  const w = await joined({ server });
  await pass(w, 3000);
  assert.equal((await kept(w)).takes.length, 1, "what is taught meanwhile is kept here");
  assert.equal(w.server.takes.length, 0);
  w.server.refuse = {};
  await pass(w, 10_000);
  assert.equal((await kept(w)).token, "brt_2");
  assert.equal(w.server.takes.length, 1);
});

test("only one's latest lesson that goes on and is not this laptop's is offered", async () => {
  const before = await recording();
  const items = [
    elsewhere({ id: id(before) }), elsewhere({ id: "over", state: "ready" }),
    elsewhere({ id: "old", started_at: new Date(Date.now() - 25 * 3600_000).toISOString() }),
    elsewhere({ id: "odd", started_at: "" }), elsewhere({ id: "that" }), elsewhere({ id: "another" }),
  ];
  const w = await ready({ disk: before.disk, server: { items } });
  assert.equal(w.recorder.elsewhere.value.recording, "that");
  const nothing = await ready({ server: { items: items.slice(1, 4) } });
  assert.equal(nothing.recorder.elsewhere.value, null);
  await nothing.recorder.join();
  assert.equal(nothing.recorder.phase.value, "before");
});

test("the server is told of the clock when it runs and when it stands", async () => {
  const w = await recording();
  await pass(w, 1000);
  assert.equal(w.server.clock.running, true);
  const told = w.server.count("PUT lesson-clock");
  await pass(w, 5000);
  assert.equal(w.server.count("PUT lesson-clock"), told, "once is enough");
  w.recorder.pause();
  await pass(w, 1000);
  assert.equal(w.server.clock.running, false);
  assert.equal(w.server.clock.elapsed_ms, w.recorder.elapsed.value);
});

test("a lesson has its lock before it is kept: no sender takes it for one that was left", async () => {
  for (const begin of [
    async (w) => w.recorder.start(details),
    async (w) => { w.recorder.elsewhere.value = { recording: "r1", title: "", startedAt: 0 }; await w.recorder.join(); },
  ]) {
    const w = await ready();
    const keep = w.vault.begin.bind(w.vault);
    let locked = null;
    w.vault.begin = (lesson) => { locked = w.locks.has(lockOf(lesson.recording)); return keep(lesson); };
    const beginning = begin(w);
    await rest();
    await beginning;
    assert.equal(locked, true);
  }
});

test("one whom the lesson cannot go to is named, and the lesson goes on", async () => {
  const w = await ready();
  const { request } = w.server;
  w.outside.request = async (method, path, options) => {
    if (options?.body?.share_with?.length) throw new Problem(422, "Maya cannot sign in any more.");
    return request(method, path, options);
  };
  await w.recorder.start({ ...details, people: [{ id: "m", name: "Maya" }] });
  w.recorders[0].begin();
  await rest();
  assert.equal(w.recorder.without.value, "Maya cannot sign in any more.");
  assert.equal(w.recorder.declined.value, "");
  assert.equal((await kept(w)).without, "Maya cannot sign in any more.");
  assert.equal(w.server.takes.length, 1);
});

test("a lesson that began without a server says when that was", async () => {
  const w = await recording({ refuse: { "POST recordings": 0 } });
  await pass(w, 90_000, 1000);
  w.server.refuse = {};
  await pass(w, 60_000, 1000);
  const lesson = await kept(w);
  assert.equal(w.server.bodies[w.server.requests.lastIndexOf("POST recordings")].started_at, lesson.startedAt);
});
