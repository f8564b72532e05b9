import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeHeader, encodeHeader, headerBytes, maxBytes, scan, sha256 } from "./records";

async function file(...blobs) {
  const parts = [];
  for (const [n, bytes] of blobs.entries()) {
    parts.push(encodeHeader({ number: n + 1, timeMS: 1500.5 * (n + 1), length: bytes.length, sha256: await sha256(bytes) }));
    parts.push(bytes);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const read = (bytes) => (at, length) => bytes.subarray(at, at + length);
const found = async (bytes) => {
  const { entries, end } = await scan(read(bytes), bytes.length);
  return { numbers: entries.map((entry) => entry.number), end };
};
const some = (length, fill = 7) => new Uint8Array(length).fill(fill);

test("a header comes back as it was", async () => {
  const header = { number: 4_000_000_000, timeMS: 12.25, length: 1234, sha256: await sha256(some(3)) };
  assert.deepEqual(decodeHeader(encodeHeader(header)), header);
  assert.equal(decodeHeader(encodeHeader(header).subarray(0, headerBytes - 1)), null);
  assert.equal(decodeHeader(encodeHeader({ ...header, length: maxBytes + 1 })), null);
  assert.equal(decodeHeader(some(headerBytes)), null);
});

test("records are found one after the other", async () => {
  const bytes = await file(some(10), some(0), some(3000));
  assert.deepEqual(await found(bytes), { numbers: [1, 2, 3], end: bytes.length });
  assert.deepEqual(await found(new Uint8Array()), { numbers: [], end: 0 });
});

test("wherever the last record is torn, the ones before it are whole", async () => {
  const whole = await file(some(100), some(50));
  const both = await file(some(100), some(50), some(40));
  for (let length = whole.length; length < both.length; length++) {
    assert.deepEqual(await found(both.slice(0, length)), { numbers: [1, 2], end: whole.length }, `at ${length}`);
  }
});

test("a last record whose bytes never reached the disk is cut off", async () => {
  const whole = await file(some(100));
  const grown = await file(some(100), some(60));
  grown.fill(0, whole.length + headerBytes);
  assert.deepEqual(await found(grown), { numbers: [1], end: whole.length });
});

test("rubbish is not read, however it looks", async () => {
  let seed = Number(process.env.SEED ?? Date.now() % 1e6);
  const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  for (let round = 0; round < 200; round++) {
    const bytes = await file(some(20), some(30));
    const at = Math.floor(random() * bytes.length);
    bytes[at] ^= 1 + Math.floor(random() * 255);
    const { numbers, end } = await found(bytes);
    assert.ok(end <= bytes.length && numbers.length <= 2, `seed ${seed}`);
  }
});
