import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../lib/api";
import { Files, maxBytes } from "./files";
import { MemoryFileShelf } from "./shelf";

function bench(recording = "", { shelf = new MemoryFileShelf(), there = [] } = {}) {
  const asked = [];
  const timers = [];
  const outside = {
    status: 201,
    after: (ms, act) => {
      const timer = { ms, act };
      timers.push(timer);
      return () => timers.splice(0, timers.length, ...timers.filter((other) => other !== timer));
    },
    async send(path, file) {
      asked.push(`PUT ${path}`);
      if (outside.status !== 201) throw new Problem(outside.status, "No.");
      return { id: path.split("/").at(-1).split("?")[0], name: "clean.pdf", media_type: "application/pdf", bytes: file.size };
    },
    async request(method, path) {
      asked.push(`${method} ${path}`);
      if (outside.status >= 400) throw new Problem(outside.status, "");
    },
  };
  return { asked, timers, outside, shelf, files: new Files(recording, "me", Promise.resolve(shelf), there, outside) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const pdf = (name = "plan.pdf") => new File(["%PDF"], name);
const refuse = (_, why) => why;

test("a file waits for its lesson, and goes with it once that has begun", async () => {
  const { files, asked } = bench();
  await files.add([pdf("my plan.pdf")], refuse);
  await settled();
  assert.deepEqual(asked, []);
  await files.attachTo("lesson");
  await settled();
  assert.equal(asked.length, 1);
  assert.match(asked[0], /^PUT \/api\/recordings\/lesson\/attachments\/[0-9a-f-]{36}\?name=my%20plan\.pdf$/);
  assert.deepEqual(files.items.value.map(({ name, state }) => [name, state]), [["clean.pdf", "there"]]);
});

test("a reload takes up what was not sent", async () => {
  const first = bench("lesson");
  first.outside.status = 0;
  await first.files.add([pdf()], refuse);
  await settled();
  first.files.close();
  const second = bench("lesson", { shelf: first.shelf });
  await second.files.begin();
  await settled();
  assert.equal(second.asked[0], first.asked[0]);
  assert.equal((await first.shelf.all("me")).length, 0);
  const other = bench("another", { shelf: first.shelf });
  await other.files.begin();
  assert.equal(other.files.items.value.length, 0);
});

test("what does not get through is tried again; what is refused says why", async () => {
  const { files, asked, timers, outside, shelf } = bench("lesson");
  outside.status = 503;
  await files.add([pdf()], refuse);
  await settled();
  assert.equal(files.items.value[0].state, "waiting");
  outside.status = 422;
  timers.at(-1).act();
  await settled();
  assert.equal(asked.length, 2);
  assert.equal(files.items.value[0].state, "refused");
  assert.equal(files.items.value[0].sentence, "No.");
  assert.equal((await shelf.all("me")).length, 0);
});

test("a file that is too large is refused before it is sent", async () => {
  const { files, asked } = bench("lesson");
  const large = pdf();
  Object.defineProperty(large, "size", { value: maxBytes + 1 });
  await files.add([large, pdf()], refuse);
  await settled();
  assert.deepEqual(files.items.value.map(({ state, sentence }) => [state, sentence]), [["refused", "large"], ["there", ""]]);
  assert.equal(asked.length, 1);
});

test("a removed file can be brought back for ten seconds, and is gone after", async () => {
  const there = [{ id: "a", name: "a.pdf", media_type: "application/pdf", bytes: 1 }];
  const { files, asked, timers } = bench("lesson", { there });
  await files.remove(files.items.value[0]);
  assert.equal(files.items.value.length, 0);
  files.undo();
  assert.equal(files.items.value.length, 1);
  assert.deepEqual(asked, []);
  await files.remove(files.items.value[0]);
  timers.at(-1).act();
  await settled();
  assert.deepEqual(asked, ["DELETE /api/recordings/lesson/attachments/a"]);
  assert.equal(files.removed.value, null);
});

test("leaving the page removes what was removed", async () => {
  const there = [{ id: "a", name: "a.pdf", media_type: "application/pdf", bytes: 1 }];
  const { files, asked } = bench("lesson", { there });
  await files.remove(files.items.value[0]);
  files.settle();
  await settled();
  assert.deepEqual(asked, ["DELETE /api/recordings/lesson/attachments/a"]);
});
