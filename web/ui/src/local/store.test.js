import assert from "node:assert/strict";
import { test } from "node:test";

import { blobOf, Disk, lessonOf, takeOf } from "./fakes";
import { headerBytes } from "./records";

async function kept(blobs = 3, length = 1000) {
  const disk = new Disk();
  const store = disk.store();
  await store.begin(lessonOf());
  await store.note("r1", takeOf());
  for (let n = 1; n <= blobs; n++) await store.append("r1", "t1", n, n * 1500, blobOf(n, length));
  return { disk, store };
}

const first = (kept) => new Uint8Array(kept.bytes)[0];

test("a lesson and its blobs are there for the next page", async () => {
  const { disk, store } = await kept();
  assert.ok(disk.flushes >= 5, "each record is on the disk before it counts");
  assert.equal(first(await store.read("r1", "t1", 2)), 2);
  const next = disk.store();
  const [lesson] = await next.lessons();
  assert.equal(lesson.title, "Fractions");
  assert.deepEqual(lesson.takes.map(({ id, blobs, reachesMS, bytes }) => ({ id, blobs, reachesMS, bytes })),
    [{ id: "t1", blobs: 3, reachesMS: 4500, bytes: 3 * (1000 + headerBytes) }]);
  assert.equal(first(await next.read("r1", "t1", 3)), 3);
  assert.equal(await next.read("r1", "t1", 4), null);
  assert.equal(await next.read("r1", "none", 1), null);
  assert.equal(await next.lesson("none"), null);
});

test("a page that is killed while it writes loses what it was writing, and nothing else", async () => {
  for (let torn = 1; torn < 1000 + headerBytes; torn += 97) {
    const { disk } = await kept();
    const file = disk.file("t1/000001");
    file.bytes = file.bytes.slice(0, file.bytes.length - torn);
    const store = disk.store();
    const [lesson] = await store.lessons();
    assert.equal(lesson.takes[0].blobs, 2, `torn by ${torn}`);
    await store.close("r1", "t1", "crash");
    const [again] = await disk.store().lessons();
    assert.deepEqual(again.takes[0].ended, { blobs: 2, lengthMS: 3000, reason: "crash" });
  }
});

test("what is torn of the facts is written over", async () => {
  const { disk } = await kept(1);
  const facts = disk.file("facts");
  facts.bytes = facts.bytes.slice(0, facts.bytes.length - 5); // the take was never noted
  const store = disk.store();
  assert.deepEqual((await store.lesson("r1")).takes, []);
  await store.change("r1", { title: "Decimals" });
  const lesson = await disk.store().lesson("r1");
  assert.equal(lesson.title, "Decimals");
  assert.equal(lesson.token, "brt_1");
});

test("two pages that change a lesson both have their way", async () => {
  const { disk } = await kept(1);
  const [a, b] = [disk.store(), disk.store()];
  await Promise.all([a.change("r1", { taughtMS: 5 }), b.note("r1", { id: "t1", sent: { through: 1, bytes: 2 } })]);
  const lesson = await a.lesson("r1");
  assert.equal(lesson.taughtMS, 5);
  assert.deepEqual(lesson.takes[0].sent, { through: 1, bytes: 2 });
});

test("files are begun anew as they grow, and read across", async () => {
  const { disk, store } = await kept(5, 6 << 20);
  const names = [...disk.files()].map(([path]) => path.split("/").at(-1)).filter((name) => name !== "facts");
  assert.deepEqual(names, ["000001", "000004"]);
  for (let n = 1; n <= 5; n++) assert.equal(first(await store.read("r1", "t1", n)), n);
  await store.close("r1", "t1", "stopped", 7500);
  const next = disk.store();
  for (const n of [5, 1, 4, 3]) assert.equal(first(await next.read("r1", "t1", n)), n);
  assert.deepEqual((await next.lesson("r1")).takes[0].ended, { blobs: 5, lengthMS: 7500, reason: "stopped" });
});

test("a full disk loses the blob that did not fit, and room is made of what the server has", async () => {
  const { disk, store } = await kept(5, 6 << 20);
  disk.room = 500;
  await assert.rejects(store.append("r1", "t1", 6, 9000, blobOf(6)), { name: "QuotaExceededError" });
  assert.equal((await store.lesson("r1")).takes[0].blobs, 5);
  assert.equal(await store.spare(), 0, "nothing has been confirmed");
  disk.room = Infinity; // the facts are small
  await store.note("r1", { id: "t1", sent: { through: 2, bytes: 0 } });
  assert.equal(await store.spare(), 0, "number 3 lies in the same file");
  await store.note("r1", { id: "t1", sent: { through: 5, bytes: 0 } });
  assert.equal(await store.spare(), 3 * ((6 << 20) + headerBytes));
  assert.equal(await store.spare(), 0, "the last file stays: it says where the take ends");
  disk.room = 10_000;
  await store.append("r1", "t1", 6, 9000, blobOf(6));
  const [take] = (await disk.store().lesson("r1")).takes;
  assert.equal(take.blobs, 6);
  assert.equal(take.spared, 3 * ((6 << 20) + headerBytes));
});

test("what is confirmed is let go, and a lesson is deleted whole", async () => {
  const { disk, store } = await kept();
  await store.close("r1", "t1", "stopped", 4500);
  await store.note("r1", { id: "t1", confirmed: true });
  assert.equal(disk.file("t1/000001"), undefined);
  assert.equal((await store.lesson("r1")).takes[0].bytes, 0);
  await store.discard("r1");
  assert.deepEqual(await store.lessons(), []);
  await store.discard("r1");
});

test("a take is given back as one file", async () => {
  const { disk } = await kept(2, 10);
  const [{ take, media }] = await disk.store().media("r1");
  assert.equal(take.id, "t1");
  assert.equal(media.type, "video/mp4");
  assert.deepEqual([...new Uint8Array(await media.arrayBuffer())], [...Array(10).fill(1), ...Array(10).fill(2)]);
});
