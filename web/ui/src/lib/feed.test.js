import assert from "node:assert/strict";
import { test } from "node:test";

import { feedURL, isFinal, LiveFeed } from "./feed";

/** A server that a test plays, and a clock that it turns. */
class World {
  sockets = [];
  now = 0;
  timers = [];

  connect = (url) => {
    const socket = {
      url,
      sent: [],
      closed: undefined,
      send: (text) => socket.sent.push(JSON.parse(text)),
      close: (code) => (socket.closed = code),
    };
    this.sockets.push(socket);
    return socket;
  };

  after = (ms, act) => {
    const timer = { at: this.now + ms, act };
    this.timers.push(timer);
    return () => this.timers.splice(this.timers.indexOf(timer) >>> 0, 1);
  };

  random = () => 0.5;

  get socket() {
    return this.sockets.at(-1);
  }

  say(...messages) {
    for (const message of messages) this.socket.onmessage({ data: JSON.stringify(message) });
  }

  cut(code = 1006) {
    this.socket.onclose({ code });
  }

  /** Lets time pass; timers act in their order. */
  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.now = next.at;
      next.act();
    }
    this.now = end;
  }
}

function live(since = 0) {
  const world = new World();
  const feed = new LiveFeed("ws://host/feed", since, world);
  const heard = [];
  for (const name of ["hello", "reset", "event", "answer", "state"]) {
    feed.on(name, (detail) => heard.push([name, detail]));
  }
  feed.open();
  return { world, feed, heard };
}

const hello = (since) => ({
  type: "hello",
  user_id: "u",
  since,
  may: { annotate: true, reply: true },
  beat_ms: 20_000,
});
const event = (seq) => ({ type: "event", seq, change: "annotation_removed", annotation_id: "a" });

test("joins after what it has, and is live once it has caught up", () => {
  const { world, feed, heard } = live(40);
  assert.equal(world.socket.url, "ws://host/feed?since=40");
  assert.equal(feed.send({ type: "create", ref: "w1" }), false, "before it is live");
  world.say(hello(40), event(41), event(44));
  assert.equal(feed.state, "connecting");
  world.say({ type: "caught_up", seq: 45 });
  assert.equal(feed.state, "live");
  assert.equal(feed.since, 45, "numbers may be left out");
  assert.deepEqual(
    heard.filter(([name]) => name === "event").map(([, { seq }]) => seq),
    [41, 44],
  );
  assert.equal(feed.send({ type: "create", ref: "w1" }), true);
  assert.deepEqual(world.socket.sent, [{ type: "create", ref: "w1" }]);
});

test("comes back after a cut with the last that it heard", () => {
  const { world, feed } = live();
  world.say(hello(0), event(1), { type: "caught_up", seq: 1 }, { type: "beat", seq: 7 });
  world.cut();
  assert.equal(feed.state, "away");
  assert.equal(feed.send({ type: "delete", ref: "w2" }), false);
  world.pass(999);
  assert.equal(world.sockets.length, 1);
  world.pass(1);
  assert.equal(world.socket.url, "ws://host/feed?since=7");
});

test("a log that is behind what is known is another log", () => {
  const { world, feed, heard } = live(40);
  world.say(hello(0));
  assert.equal(feed.since, 0);
  assert.ok(heard.some(([name]) => name === "reset"));
  world.say(event(1));
  assert.equal(feed.since, 1);
});

test("waits longer each time, and anew after a line that lasted", () => {
  const { world } = live();
  const waits = [];
  for (let i = 0; i < 8; i++) {
    world.cut();
    const [timer] = world.timers.slice(-1);
    waits.push(timer.at - world.now);
    world.pass(timer.at - world.now);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  world.say(hello(0), { type: "caught_up", seq: 0 });
  world.pass(10_000);
  world.cut();
  assert.equal(world.timers.at(-1).at - world.now, 1000);
});

test("close codes say what to do", () => {
  for (const [code, state, wait] of [
    [4008, "away", 0],
    [1012, "away", 5500],
    [1013, "away", 5000],
    [1001, "away", 1000],
    [4401, "signed_out", undefined],
    [4403, "forbidden", undefined],
    [4404, "gone", undefined],
  ]) {
    const { world, feed } = live();
    world.say(hello(0), { type: "caught_up", seq: 0 });
    world.timers.length = 0;
    world.cut(code);
    assert.equal(feed.state, state, String(code));
    assert.equal(world.timers[0]?.at, wait, String(code));
  }
});

test("a line on which nothing is heard is given up", () => {
  const { world, feed } = live();
  world.say(hello(0), { type: "caught_up", seq: 0 });
  world.pass(49_999);
  assert.equal(feed.state, "live");
  world.say({ type: "beat", seq: 0 });
  world.pass(49_999);
  assert.equal(feed.state, "live");
  world.pass(1);
  assert.equal(feed.state, "away");
  assert.equal(world.sockets[0].closed, 4000);
});

test("what an old line still says is not heard", () => {
  const { world, feed, heard } = live();
  world.say(hello(0), { type: "caught_up", seq: 0 });
  const old = world.socket;
  feed.reopen();
  assert.equal(world.sockets.length, 2);
  old.onmessage({ data: JSON.stringify(event(9)) });
  old.onclose({ code: 4404 });
  assert.equal(feed.state, "connecting");
  assert.ok(!heard.some(([name]) => name === "event"));
});

test("what it does not know is passed over", () => {
  const { world, feed } = live();
  world.socket.onmessage({ data: "{" });
  world.socket.onmessage({ data: new ArrayBuffer(3) });
  world.say(null, [], 3, { type: "of_tomorrow" }, hello(0), { type: "caught_up", seq: 0 });
  assert.equal(feed.state, "live");
});

test("closed is closed", () => {
  const { world, feed } = live();
  world.say(hello(0), { type: "caught_up", seq: 0 });
  feed.close();
  feed.reopen();
  world.pass(1_000_000);
  assert.equal(world.sockets.length, 1);
  assert.equal(feed.state, "closed");
});

test("the address is the page's own", () => {
  assert.equal(
    feedURL("r", "https://a.example/recordings/r?x=1#t=3"),
    "wss://a.example/api/recordings/r/live-feed",
  );
  assert.equal(feedURL("r", "http://localhost:8080/"), "ws://localhost:8080/api/recordings/r/live-feed");
});

test("refusals that pass are not final", () => {
  for (const kind of ["too_many", "unavailable", "internal"]) assert.equal(isFinal(kind), false);
  for (const kind of ["conflict", "invalid", "too_large", "forbidden", "not_found"]) {
    assert.equal(isFinal(kind), true);
  }
});
