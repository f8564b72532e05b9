// Ids are UUIDv7 (RFC 9562, section 5.7), made by whoever creates the thing: a request that is
// sent twice then means the same thing twice.

export type UUID = string;

let last = 0;

/** A new UUIDv7. Ids made by one page are in the order of their making, within a millisecond too. */
export function newID(now: number = Date.now()): UUID {
  // 48 bits of milliseconds and 12 of sequence: the sequence borrows from the time when a page
  // makes more than 4096 ids in one millisecond.
  let stamp = now * 4096;
  if (stamp <= last) stamp = last + 1;
  last = stamp;

  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const milliseconds = Math.floor(stamp / 4096);
  const sequence = stamp % 4096;
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(milliseconds / 2 ** 32));
  view.setUint32(2, milliseconds % 2 ** 32);
  view.setUint16(6, 0x7000 | sequence);
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));

  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}
