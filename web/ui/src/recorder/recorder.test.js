import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { settle, world } from "./fakes";
import { say } from "./light";
import { Recorder } from "./recorder";

// Keys stand for their texts.
globalThis.document = { getElementById: () => ({ textContent: "{}" }), documentElement: { lang: "en" } };

const details = {
  programID: "p", title: "Fractions", className: "5b",
  targets: [{ id: "t", name: "Wait time", goal: "", hue: 1 }], people: [{ id: "m", name: "Maya" }],
};

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
afterEach(() => mock.timers.reset());

/** Time passes, in steps, and everything that it sets off happens. */
async function pass(w, ms, step = 250) {
  for (let done = 0; done < ms; done += step) {
    w.now += step;
    mock.timers.tick(step);
    await settle();
    await settle();
  }
}

async function ready() {
  const w = world();
  w.recorder = new Recorder(w.outside);
  await w.recorder.open();
  await settle();
  return w;
}

async function recording() {
  const w = await ready();
  await w.recorder.start(details);
  await settle();
  await settle();
  w.server.last.connection.become("connected");
  w.server.saved.live = true;
  return w;
}

const light = (w) => `${say(w.recorder).colour} ${say(w.recorder).headline}`;

test("a lesson: start, pause, resume, stop and save", async () => {
  const w = await ready();
  const { recorder, server } = w;
  await recorder.start(details);
  assert.equal(recorder.phase.value, "recording");
  assert.deepEqual(server.bodies.at(-1).share_with, ["m"]);
  assert.deepEqual(server.bodies.at(-1).target_area_ids, ["t"]);
  await pass(w, 2000);
  recorder.readClock();
  assert.equal(recorder.elapsed.value, 0, "the clock waits for the first picture");
  assert.equal(light(w), "amber record.connecting");
  server.last.connection.become("connected");
  server.saved = { until_ms: 0, live: true, pending: 0 };
  assert.equal(light(w), "amber record.first_seconds");
  await pass(w, 10_000);
  server.saved.until_ms = 8000;
  await pass(w, 1000);
  recorder.readClock();
  assert.equal(recorder.elapsed.value, 11_000);
  assert.equal(light(w), "green record.saved_until");

  recorder.pause();
  assert.ok(server.takes[0].closed);
  assert.equal(light(w), "amber record.paused", "the last seconds are not stored yet");
  server.saved = { until_ms: 11_000, live: false, pending: 0 };
  await pass(w, 60_000);
  assert.equal(light(w), "green record.paused");
  recorder.resume();
  await pass(w, 500);
  server.last.connection.become("connected");
  assert.equal(server.takes.length, 2);
  assert.ok(server.offset(1) >= 11_000 && server.offset(1) <= 11_500, `at ${server.offset(1)}`);
  assert.deepEqual(recorder.gaps.value, [], "a pause is no gap");

  const stopped = recorder.stop();
  assert.equal(recorder.phase.value, "stopping");
  assert.deepEqual(w.room.live, [], "the camera's light goes out");
  await pass(w, 500);
  assert.match(await stopped, /^\/recordings\/[0-9a-f-]{36}$/);
  assert.equal(recorder.phase.value, "over");
  assert.ok(server.last.dropped && !server.last.closed, "the server has ended the take itself");
  assert.equal(w.unfinished, null);
  assert.equal(w.held, false);
  const asked = server.requests.length;
  await pass(w, 30_000);
  assert.equal(server.requests.length, asked, "nothing goes on behind the page");
});

test("pressing twice starts once, and stops once", async () => {
  const w = await ready();
  await Promise.all([w.recorder.start(details), w.recorder.start(details)]);
  assert.equal(w.server.count("POST recordings"), 1);
  const [first, second] = [w.recorder.stop(), w.recorder.stop()];
  await pass(w, 500);
  assert.ok(await first);
  assert.equal(await second, null);
  assert.equal(w.server.count("POST finish"), 1);
});

test("nothing starts before the camera does", async () => {
  const w = world();
  w.room.trouble = "refused";
  w.recorder = new Recorder(w.outside);
  await w.recorder.open();
  await settle();
  await w.recorder.start(details);
  assert.equal(w.recorder.phase.value, "before");
  assert.equal(w.server.count("POST recordings"), 0);
});

test("a start that is refused says why, and the next one is another recording", async () => {
  const w = await ready();
  w.server.refuse["POST recordings"] = 422;
  await w.recorder.start(details);
  assert.equal(w.recorder.phase.value, "before");
  assert.deepEqual(w.recorder.refusal.value, { why: "said", sentence: "No: 422." });
  assert.equal(w.held, false);
  const first = w.server.bodies.at(-1).id;
  delete w.server.refuse["POST recordings"];
  await w.recorder.start(details);
  assert.notEqual(w.server.bodies.at(-1).id, first);
  assert.equal(w.recorder.refusal.value, null);
});

test("a start that was not answered is tried again as the same recording", async () => {
  const w = await ready();
  w.server.refuse["POST recordings"] = 0;
  await w.recorder.start(details);
  assert.deepEqual(w.recorder.refusal.value, { why: "unreachable" });
  const first = w.server.bodies.at(-1).id;
  delete w.server.refuse["POST recordings"];
  await w.recorder.start(details);
  assert.equal(w.server.bodies.at(-1).id, first);
});

test("a connection that is interrupted may come back; one that fails is followed by the next take", async () => {
  const w = await recording();
  const { recorder, server } = w;
  await pass(w, 5000);
  server.saved.until_ms = 4000;
  await pass(w, 1000);
  server.last.connection.become("disconnected");
  assert.equal(light(w), "red record.lost");
  await pass(w, 4000);
  assert.equal(server.takes.length, 1, "ICE is given its time");
  server.last.connection.become("failed");
  assert.ok(server.takes[0].closed);
  await pass(w, 1000);
  assert.equal(server.takes.length, 2);
  server.last.connection.become("connected");
  assert.equal(server.openTakes, 1);
  await pass(w, 1000);
  assert.deepEqual(recorder.gaps.value.map((gap) => gap.from), [4000]);
  assert.ok(recorder.gaps.value[0].to >= 10_000);
});

test("a take that the server has forgotten is replaced at once", async () => {
  const w = await recording();
  await pass(w, 2000);
  w.server.last.connection.become("disconnected"); // the server was killed, and is back
  w.server.saved.live = false;
  await pass(w, 1250);
  assert.equal(w.server.takes.length, 2);
  assert.ok(w.server.takes[0].dropped);
  assert.equal(w.recorder.route.link.value, "lost", "until it is connected");
  await pass(w, 3000);
  assert.equal(w.server.takes.length, 2, "a take that is on its way is not given up");
  w.server.last.connection.become("connected");
  assert.equal(w.recorder.route.link.value, "connected");
});

test("a server that does not answer is asked again, ever more seldom; the network's return hurries", async () => {
  const w = await ready();
  w.server.publishing = 0;
  await w.recorder.start(details);
  await pass(w, 60_000);
  assert.equal(light(w), "red record.lost");
  w.server.publishing = null;
  w.recorder.route.hurry();
  await settle();
  await settle();
  assert.equal(w.server.openTakes, 1);
  w.server.last.connection.become("connected");
  await pass(w, 20_000);
  assert.equal(w.server.takes.length, 1);
});

test("a full server's own sentence is shown", async () => {
  const w = await ready();
  w.server.publishing = 429;
  await w.recorder.start(details);
  await pass(w, 1000);
  assert.equal(light(w), "red record.not_recorded");
  assert.match(say(w.recorder).more, /^No: 429\./);
});

test("a connection that is never made is given up for another", async () => {
  const w = await ready();
  await w.recorder.start(details);
  await pass(w, 14_000);
  assert.equal(w.server.takes.length, 1);
  await pass(w, 3000);
  assert.equal(w.server.takes.length, 2);
  assert.equal(w.server.openTakes, 1);
});

test("a retry that waits when the lesson is paused makes no second take", async () => {
  const w = await recording();
  w.server.publishing = 0;
  w.server.last.connection.become("failed");
  await pass(w, 20_000, 1000);
  w.recorder.pause();
  w.server.publishing = null;
  w.recorder.resume();
  await settle();
  await settle();
  w.server.last.connection.become("connected");
  await pass(w, 30_000);
  assert.equal(w.server.takes.length, 2);
  assert.equal(w.server.openTakes, 1);
});

test("a take that is answered after the pause began is ended", async () => {
  const w = await ready();
  await w.recorder.start(details);
  w.recorder.pause();
  await settle();
  await settle();
  assert.equal(w.server.takes.length, 1);
  assert.equal(w.server.openTakes, 0);
  assert.equal(w.recorder.route.link.value, "none");
});

test("stop while the connection is away", async () => {
  const w = await recording();
  w.server.publishing = 0;
  w.server.last.connection.become("failed");
  const stopped = w.recorder.stop();
  await pass(w, 20_000, 500);
  assert.ok(await stopped);
  assert.equal(w.server.openTakes, 0);
  assert.deepEqual(w.room.live, []);
});

test("stop while the server is away goes on trying", async () => {
  const w = await recording();
  w.server.refuse["POST finish"] = 0;
  const stopped = w.recorder.stop();
  await pass(w, 30_000, 500);
  assert.equal(w.recorder.phase.value, "stopping");
  assert.equal(light(w), "amber record.stopping");
  assert.match(say(w.recorder).more, /unreachable.*stop_waits/);
  assert.ok(w.unfinished, "a reload finds it again");
  delete w.server.refuse["POST finish"];
  await pass(w, 12_000, 500);
  assert.ok(await stopped);
});

test("an expired session is told of, and its return too", async () => {
  const w = await recording();
  w.server.refuse["GET saved"] = w.server.refuse["POST capture-token"] = 401;
  await pass(w, 1500);
  assert.equal(light(w), "red record.signed_out");
  assert.equal(w.recorder.phase.value, "recording", "what is connected goes on");
  assert.equal(w.server.openTakes, 1);
  delete w.server.refuse["GET saved"];
  await pass(w, 1500);
  assert.equal(w.recorder.signedOut.value, false);
});

test("a lesson that was stopped elsewhere ends here too", async () => {
  const w = await recording();
  w.server.state = "ready";
  w.server.publishing = 409;
  w.server.last.connection.become("failed");
  await pass(w, 2000);
  assert.equal(w.recorder.phase.value, "ended");
  assert.deepEqual(w.room.live, []);
  assert.equal(w.unfinished, null);
  const asked = w.server.requests.length;
  await pass(w, 10_000);
  assert.equal(w.server.requests.length, asked);
});

test("a conflict about a take is not the end of the lesson", async () => {
  const w = await recording();
  w.server.publishing = 409;
  w.server.last.connection.become("failed");
  await pass(w, 2000);
  assert.equal(w.recorder.phase.value, "recording");
  w.server.publishing = null;
  await pass(w, 8000);
  assert.equal(w.server.openTakes, 1);
});

test("a device that is changed is sent in the place of the one before", async () => {
  const w = await recording();
  w.room.cameras.push("usb");
  await w.recorder.inputs.choose("camera", "usb");
  assert.ok([...w.server.last.tracks].some((track) => track.id === "usb"));
  assert.equal(w.server.takes.length, 1);
});

test("a device that is changed while the server thinks is sent all the same", async () => {
  const w = await ready();
  w.room.cameras.push("usb");
  const starting = w.recorder.start(details);
  await w.recorder.inputs.choose("camera", "usb");
  await starting;
  await settle();
  await settle();
  assert.ok([...w.server.last.tracks].some((track) => track.id === "usb"));
});

const behind = () => ({
  recording: "0197a0a0-0000-7000-8000-000000000001", title: "Fractions", people: [], targets: [],
  elapsed: 60_000, at: Date.now() - 5000, paused: false,
});

async function reloaded(change = {}) {
  const w = world();
  w.unfinished = { ...behind(), ...change };
  w.server.saved.until_ms = 59_000;
  w.recorder = new Recorder(w.outside);
  await w.recorder.open();
  await settle();
  return w;
}

test("a lesson that was left behind goes on where it would be now", async () => {
  const w = await reloaded();
  assert.equal(w.recorder.left.value, true);
  assert.equal(w.recorder.savedUntil.value, 59_000);
  await w.recorder.continue();
  await pass(w, 250);
  w.server.last.connection.become("connected");
  assert.ok(w.server.offset(0) >= 65_000);
  await pass(w, 1500);
  assert.equal(w.recorder.gaps.value.length, 1);
  assert.equal(w.recorder.gaps.value[0].from, 59_000);
});

test("one that was left in a pause goes on where it was paused", async () => {
  const w = await reloaded({ paused: true });
  await w.recorder.continue();
  await pass(w, 250);
  w.server.last.connection.become("connected");
  await pass(w, 1500);
  assert.ok(w.server.offset(0) < 61_000);
  assert.deepEqual(w.recorder.gaps.value, []);
});

test("one that is saved already is not asked about", async () => {
  const w = world();
  w.unfinished = behind();
  w.server.state = "ready";
  w.recorder = new Recorder(w.outside);
  await w.recorder.open();
  assert.equal(w.recorder.left.value, false);
  assert.equal(w.unfinished, null);
});

test("one that the server cannot be asked about is kept", async () => {
  const w = world();
  w.unfinished = behind();
  w.server.refuse = { "GET id": 0, "GET saved": 0 };
  w.recorder = new Recorder(w.outside);
  await w.recorder.open();
  assert.equal(w.recorder.left.value, true);
});

test("one is saved as it is, or left for another", async () => {
  const w = await reloaded();
  assert.equal(await w.recorder.stopLeft(), `/recordings/${behind().recording}`);
  assert.deepEqual(w.room.live, []);
  const other = await reloaded();
  other.recorder.dismissLeft();
  await settle();
  assert.equal(other.server.count("POST finish"), 1);
  assert.equal(other.unfinished, null);
  await other.recorder.start(details);
  assert.notEqual(other.server.bodies.at(-1).id, behind().recording);
});

test("while another tab records, this one leaves the camera alone and waits", async () => {
  const w = world();
  let over;
  w.others = new Promise((resolve) => { over = resolve; });
  w.recorder = new Recorder(w.outside);
  const opening = w.recorder.open();
  await settle();
  assert.equal(w.recorder.phase.value, "elsewhere");
  assert.deepEqual(w.room.opened, []);
  over();
  await opening;
  await settle();
  assert.equal(w.recorder.phase.value, "before");
  assert.deepEqual(w.room.live, ["cam", "mic"]);
});

test("a tab that comes second in pressing Start is told so", async () => {
  const w = await ready();
  w.held = true;
  await w.recorder.start(details);
  assert.equal(w.recorder.phase.value, "before");
  assert.deepEqual(w.recorder.refusal.value, { why: "elsewhere" });
  assert.equal(w.server.count("POST recordings"), 0);
});

test("a page that goes ends its take and can be come back to", async () => {
  const w = await recording();
  await pass(w, 3000);
  w.recorder.leave();
  assert.ok(w.server.last.closed);
  assert.equal(w.unfinished.elapsed, 3000);
  assert.equal(w.unfinished.paused, false);
});
