import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../lib/api";
import { MemoryShelf } from "../lib/outbox";
import { newID } from "../lib/uuid";
import { MomentOutbox, madeAt } from "./outbox";

/** A server that answers as it is told to, and a clock that is wound by hand. */
function bench(shelf = new MemoryShelf()) {
  const sent = [];
  const timers = [];
  const outside = {
    status: 0, // 0: nothing gets through
    now: () => Date.now(),
    after: (ms, act) => {
      const timer = { ms, act };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer) >>> 0, 1);
    },
    async request(method, path, options) {
      sent.push(`${method} ${path.split("/")[3]} ${options.body?.at_ms ?? ""}`.trim());
      const status = typeof outside.status === "function" ? outside.status(path) : outside.status;
      if (status < 200 || status > 299) throw new Problem(status, "");
    },
  };
  return { sent, timers, outside, shelf, outbox: new MomentOutbox(shelf, "me", "Marked", outside) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a moment is kept while nothing gets through, and sent once", async () => {
  const { outbox, outside, sent, timers } = bench();
  await outbox.mark("lesson", 754_000);
  await settled();
  assert.equal(outbox.waiting.value.length, 1);
  outside.status = 201;
  timers.at(-1).act();
  await settled();
  assert.equal(outbox.waiting.value.length, 0);
  assert.deepEqual(sent, ["PUT lesson 754000", "PUT lesson 754000"]);
  outbox.hurry();
  await settled();
  assert.equal(sent.length, 2);
});

test("a reload takes up what was left behind", async () => {
  const first = bench();
  await first.outbox.mark("lesson", 1000);
  await settled();
  first.outbox.close();
  const second = bench(first.shelf);
  second.outside.status = 201;
  await second.outbox.begin();
  await settled();
  assert.deepEqual(second.sent, ["PUT lesson 1000"]);
  assert.equal((await first.shelf.all("moments/me")).length, 0);
});

test("a lesson that the server does not know yet holds up no other", async () => {
  const { outbox, outside, sent } = bench();
  outside.status = (path) => (path.includes("offline") ? 404 : 201);
  await outbox.mark("offline", 1);
  await outbox.mark("online", 2);
  await settled();
  assert.ok(sent.includes("PUT online 2"));
  assert.deepEqual(outbox.waiting.value.map(({ write }) => write.recording), ["offline"]);
});

test("what is refused for good is not sent for ever", async () => {
  const { outbox, outside } = bench();
  outside.status = 422;
  await outbox.mark("lesson", 1);
  await settled();
  assert.equal(outbox.waiting.value.length, 0);
});

test("signed out, a moment waits for the sign-in", async () => {
  const { outbox, outside, timers } = bench();
  outside.status = 401;
  await outbox.mark("lesson", 1);
  await settled();
  assert.equal(outbox.waiting.value.length, 1);
  assert.ok(timers.length > 0);
});

test("undo before it is sent leaves nothing to send; after, it tells the server", async () => {
  const { outbox, outside, sent } = bench();
  const early = await outbox.mark("lesson", 1);
  await settled();
  await outbox.undo("lesson", early);
  assert.equal(outbox.waiting.value.length, 0);
  outside.status = 201;
  const late = await outbox.mark("lesson", 2);
  await settled();
  await outbox.undo("lesson", late);
  await settled();
  assert.equal(sent.at(-1), "DELETE lesson");
  assert.equal(outbox.waiting.value.length, 0);
});

test("the time in an id is read back", () => {
  assert.equal(madeAt(newID(1_800_000_000_000)), 1_800_000_000_000);
});
