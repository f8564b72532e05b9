import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "./api";
import { Courier } from "./courier";
import { Emitter } from "./emitter";
import { MemoryShelf } from "./outbox";

/** A feed that a test plays. */
class Feed extends Emitter {
  state = "away";
  sent = [];

  send(write) {
    if (this.state !== "live") return false;
    this.sent.push(write);
    return true;
  }

  enter(state) {
    this.state = state;
    this.emit("state", state);
  }

  answer(answer) {
    this.emit("answer", answer);
  }

  ack(version = 1) {
    this.answer({ type: "ack", ref: this.sent.at(-1).ref, seq: 1, version });
  }
}

/** What was promised has been done: the shelf in memory answers within a few turns. */
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

async function courier(t, sendByAPI = () => Promise.reject(new Problem(0, ""))) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const feed = new Feed();
  const shelf = new MemoryShelf();
  const it = new Courier(feed, shelf, "me/lesson", sendByAPI);
  t.after(() => it.close());
  await it.begin();
  return { feed, shelf, it };
}

test("what is written offline is sent in order, one at a time, once", async (t) => {
  const { feed, shelf, it } = await courier(t);
  await it.post({ type: "create", id: "a" });
  await it.post({ type: "edit", id: "a", version: 1 });
  assert.equal((await shelf.all("me/lesson")).length, 2);
  feed.enter("live");
  assert.deepEqual(feed.sent.map(({ type }) => type), ["create"]);
  feed.ack();
  await settled();
  assert.deepEqual(feed.sent.map(({ type }) => type), ["create", "edit"]);
  feed.ack(2);
  await settled();
  assert.deepEqual(it.entries, []);
  assert.deepEqual(await shelf.all("me/lesson"), []);
  feed.enter("away");
  feed.enter("live");
  assert.equal(feed.sent.length, 2);
});

test("what was not answered before a cut is sent again after it", async (t) => {
  const { feed, it } = await courier(t);
  feed.enter("live");
  await it.post({ type: "create", id: "a" });
  feed.enter("away");
  feed.enter("live");
  assert.deepEqual(feed.sent.map(({ ref }) => ref), ["w1", "w1"]);
  feed.ack();
  feed.answer({ type: "ack", ref: "w1", seq: 1, version: 1 }); // of the first sending
  await settled();
  assert.deepEqual(it.entries, []);
});

test("an earlier page's outbox is taken up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const feed = new Feed();
  const shelf = new MemoryShelf();
  await shelf.add("me/lesson", { type: "create", id: "a" });
  await shelf.add("me/other", { type: "create", id: "b" });
  const it = new Courier(feed, shelf, "me/lesson", () => Promise.reject(new Problem(0, "")));
  t.after(() => it.close());
  await it.begin();
  feed.enter("live");
  assert.deepEqual(feed.sent.map(({ id }) => id), ["a"]);
});

test("what is refused for good stays, and holds up nothing", async (t) => {
  const { feed, shelf, it } = await courier(t);
  feed.enter("live");
  await it.post({ type: "create", id: "a" });
  await it.post({ type: "create", id: "b" });
  feed.answer({ type: "refused", ref: "w1", kind: "invalid", message: "The range ends late." });
  await settled();
  assert.deepEqual(feed.sent.map(({ id }) => id), ["a", "b"]);
  feed.ack();
  await settled();
  const [kept] = await shelf.all("me/lesson");
  assert.equal(kept.refused.message, "The range ends late.");
  await it.drop(kept.n);
  assert.deepEqual(await shelf.all("me/lesson"), []);
});

test("what is refused for now is sent again when it is said", async (t) => {
  const { feed, it } = await courier(t);
  feed.enter("live");
  await it.post({ type: "create", id: "a" });
  feed.answer({ type: "refused", ref: "w1", kind: "too_many", message: "", retry_after_ms: 700 });
  await settled();
  t.mock.timers.tick(699);
  assert.equal(feed.sent.length, 1);
  t.mock.timers.tick(1);
  assert.equal(feed.sent.length, 2);
});

test("where no feed gets through it goes over the API", async (t) => {
  const asked = [];
  const { feed, it } = await courier(t, (write) => {
    asked.push(write.id);
    return Promise.resolve(1);
  });
  await it.post({ type: "create", id: "a" });
  await it.post({ type: "create", id: "b" });
  feed.enter("away");
  t.mock.timers.tick(4000);
  await settled();
  assert.deepEqual(asked, ["a", "b"]);
  assert.deepEqual(it.entries, []);
});

test("a session that ended over the API ends nothing that was written", async (t) => {
  const { feed, it } = await courier(t, () => Promise.reject(new Problem(401, "Please sign in.")));
  await it.post({ type: "create", id: "a" });
  feed.enter("away");
  t.mock.timers.tick(4000);
  await settled();
  assert.equal(it.entries.length, 1);
  assert.equal(it.entries[0].refused, undefined);
});
