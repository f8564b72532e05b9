import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { LessonClock } from "../recorder/clock";
import { Disk, FakeVault, lessonOf, Recording, settle } from "./fakes";
import { LocalRoute } from "./local-route";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const track = (kind, id = kind) => ({
  kind, id, readyState: "live", size: { width: 1280, height: 720, frameRate: 30 }, getSettings() { return this.size; },
});

async function world({ able = () => true, apart = true } = {}) {
  const w = { at: 1000, recorders: [], disk: new Disk(), begun: 0 };
  w.store = w.disk.store();
  w.vault = new FakeVault(w.store);
  await w.vault.begin(lessonOf());
  w.clock = new LessonClock(() => w.at);
  const lesson = {
    recording: "r1",
    clockAt: (moment) => w.clock.at(moment),
    begins: (moment) => { w.begun++; w.clock.start(moment); },
  };
  w.route = new LocalRoute(lesson, {
    vault: w.vault, able, apart, now: () => w.at, streamOf: (tracks) => tracks,
    record: (tracks, options) => {
      const recorder = new Recording(tracks, options);
      w.recorders.push(recorder);
      return recorder;
    },
  });
  w.camera = track("video");
  w.microphone = track("audio");
  w.stream = { getTracks: () => [w.camera, w.microphone] };
  w.takes = async () => (await w.store.lesson("r1")).takes;
  return w;
}

async function begun() {
  const w = await world();
  w.route.open(w.stream);
  w.at += 60;
  w.recorders[0].begin();
  await settle();
  return w;
}

test("the clock starts with the recorder's first sound, and what it gives is kept at once", async () => {
  const w = await begun();
  assert.equal(w.route.state.value, "recording");
  assert.equal(w.clock.elapsed, 72, "60 ms after the call, and 12 before it");
  const [recorder] = w.recorders;
  assert.equal(recorder.mimeType, "video/mp4;codecs=avc1.42E01F,opus");
  assert.equal(recorder.slice, 500);
  w.at += 1500;
  recorder.give(0); // nothing: Chromium hands that out too
  recorder.give(700);
  await settle();
  const [take] = await w.takes();
  assert.equal(take.offsetMS, 0);
  assert.equal(take.blobs, 1);
  assert.equal(w.route.keptUntil.value, 1572);
  mock.timers.tick(100);
  assert.equal(recorder.asked, 1, "Chromium sits on the first fragment until it is asked");
});

test("at the end the last blob is waited for", async () => {
  const w = await begun();
  w.recorders[0].give();
  w.at += 2000;
  const closing = w.route.close("stopped");
  await settle();
  assert.equal(w.recorders[0].state, "recording", "what its encoder holds comes yet");
  w.at += 200;
  mock.timers.tick(200);
  await closing;
  const [take] = await w.takes();
  assert.deepEqual(take.ended, { blobs: 2, lengthMS: 2272, reason: "stopped" });
  assert.equal(w.route.state.value, "off");
});

test("another device is another take, and nothing is missing between them", async () => {
  const w = await begun();
  w.recorders[0].give();
  w.at += 4000;
  w.camera = track("video", "usb");
  w.route.open(w.stream, "device");
  assert.equal(w.recorders[0].state, "recording", "until the next has begun");
  w.at += 50;
  w.recorders[1].begin();
  assert.equal(w.recorders[0].state, "inactive");
  await settle();
  const [before, after] = await w.takes();
  assert.equal(before.ended.reason, "device");
  assert.equal(after.offsetMS, 4060);
  assert.deepEqual([before.pictureLeadMS, after.pictureLeadMS], [29, 29]);
  assert.ok(before.offsetMS + before.ended.lengthMS >= after.offsetMS);
});

test("a phone that is turned begins a take, as soon as it is noticed", async () => {
  const w = await begun();
  w.route.look();
  assert.equal(w.recorders.length, 1);
  w.camera.size = { width: 720, height: 1280 };
  w.route.look();
  w.route.look();
  assert.equal(w.recorders.length, 2);
  w.recorders[1].begin();
  await settle();
  w.recorders[1].give();
  await settle();
  const [before, after] = await w.takes();
  assert.equal(before.ended.reason, "resized");
  assert.equal(after.blobs, 1);
  assert.equal(w.recorders.length, 2);
});

test("a camera that is unplugged leaves the sound, in a take of its own", async () => {
  const w = await begun();
  w.camera.readyState = "ended";
  w.route.open(w.stream, "device");
  assert.equal(w.recorders[1].mimeType, "audio/mp4;codecs=opus");
  assert.deepEqual(w.recorders[1].tracks, [w.microphone]);
});

test("a recorder that breaks is followed by another; what it gave is a take that ends there", async () => {
  const w = await begun();
  w.at += 1500;
  w.recorders[0].give();
  await settle();
  w.at += 900;
  w.recorders[0].break();
  await settle();
  assert.equal(w.route.state.value, "failed");
  assert.deepEqual((await w.takes())[0].ended, { blobs: 1, lengthMS: 1572, reason: "crash" });
  mock.timers.tick(2000);
  assert.equal(w.route.state.value, "failed", "until something is kept again");
  w.recorders[1].begin();
  await settle();
  assert.equal(w.route.state.value, "failed");
  w.at += 1500;
  w.recorders[1].give();
  await settle();
  assert.equal(w.route.state.value, "recording");
});

test("one that does not begin is given up, and tried again", async () => {
  const w = await world();
  w.route.open(w.stream);
  mock.timers.tick(5000);
  assert.equal(w.route.state.value, "failed");
  assert.equal(w.begun, 0);
  mock.timers.tick(2000);
  w.recorders.at(-1).begin();
  await settle();
  w.at += 1500;
  w.recorders.at(-1).give();
  await settle();
  assert.equal(w.route.state.value, "recording");
  w.recorders[0].begin();
  assert.equal(w.begun, 1, "one that comes too late does not count");
});

test("by how much a picture is ahead of its sound", async () => {
  const take = async (change, { kinds = ["video", "audio"], frameRate } = {}) => {
    const w = await world(change);
    w.camera.size = { frameRate };
    w.stream = { getTracks: () => [w.camera, w.microphone].filter((each) => kinds.includes(each.kind)) };
    w.route.open(w.stream);
    w.at += 60;
    w.recorders[0].begin();
    await settle();
    return [(await w.takes())[0].pictureLeadMS, 60 - w.clock.elapsed];
  };
  assert.deepEqual(await take({}), [29, -12], "thirty frames a second, where nobody says");
  assert.deepEqual(await take({}, { frameRate: 15 }), [45, -12]);
  assert.deepEqual(await take({}, { frameRate: 60 }), [20, -12]);
  assert.deepEqual(await take({}, { frameRate: 0.1 }), [112, -12], "what the server takes");
  assert.deepEqual(await take({}, { kinds: ["video"] }), [0, 17]);
  assert.deepEqual(await take({}, { kinds: ["audio"] }), [0, 17]);
  assert.deepEqual(await take({ able: (type) => /webm/.test(type) }), [0, 17]);
  assert.deepEqual(await take({ apart: false }), [0, 17], "a browser that keeps them together");
});

test("a browser that records nothing says so", async () => {
  const w = await world({ able: () => false });
  w.route.open(w.stream);
  assert.equal(w.route.state.value, "failed");
  await w.route.close("stopped");
});

test("Firefox records WebM, in longer pieces", async () => {
  const w = await world({ able: (type) => /webm/.test(type) });
  w.route.open(w.stream);
  assert.equal(w.recorders[0].mimeType, "video/webm;codecs=vp8,opus");
  assert.equal(w.recorders[0].slice, 1500);
});

test("a disk that is full ends the take whole, and is tried again when there is room", async () => {
  const w = await begun();
  w.recorders[0].give();
  await settle();
  w.disk.room = 700; // for the facts, and no blob
  w.recorders[0].give();
  await settle();
  assert.equal(w.route.state.value, "full");
  assert.equal((await w.takes())[0].ended.blobs, 1);
  w.disk.room = Infinity;
  mock.timers.tick(30_000);
  w.recorders[1].begin();
  await settle();
  w.recorders[1].give();
  await settle();
  assert.equal(w.route.state.value, "recording");
  assert.equal((await w.takes())[1].blobs, 1);
});

test("where the server has the oldest, that makes room", async () => {
  const w = await begun();
  for (let n = 0; n < 4; n++) w.recorders[0].give(6 << 20);
  await settle();
  const [take] = await w.takes();
  assert.equal(take.blobs, 4);
  await w.vault.note("r1", { id: take.id, sent: { through: 3, bytes: 0 } });
  w.disk.room = 1000;
  w.recorders[0].give(6 << 20);
  await settle();
  assert.equal(w.route.state.value, "recording");
  assert.equal((await w.takes())[0].blobs, 5);
});

test("a take that was ended before it began is none", async () => {
  const w = await world();
  w.route.open(w.stream);
  await w.route.close("stopped");
  w.recorders[0].begin();
  await settle();
  assert.deepEqual(await w.takes(), []);
  assert.equal(w.begun, 0);
});
