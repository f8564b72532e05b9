// A ZIP of a few files, stored as they are: video does not get smaller. Files beyond 4 GiB would
// need ZIP64, which is left out: a take of that length is hours long.

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

async function crc32(content: Blob): Promise<number> {
  let crc = 0xffffffff;
  const reader = content.stream().getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return (crc ^ 0xffffffff) >>> 0;
    for (const byte of value) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  }
}

/** Packs files into one (APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16). */
export async function zip(files: { name: string; content: Blob }[]): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let at = 0;
  for (const { name, content } of files) {
    const path = new TextEncoder().encode(name);
    const about = [0x0800, 0, 0, 0x21, await crc32(content), content.size, content.size, path.length, 0];
    const local = struct([4, 0x04034b50], [2, 20], ...widths(about));
    parts.push(local, path, content);
    directory.push(struct(
      [4, 0x02014b50], [2, 20], [2, 20], ...widths(about), [2, 0], [2, 0], [2, 0], [4, 0], [4, at],
    ), path);
    at += local.length + path.length + content.size;
  }
  const size = directory.reduce((sum, part) => sum + (part as Uint8Array).length, 0);
  const end = struct([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, at], [2, 0]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Flags (names are UTF-8), method, time, date, CRC, both sizes, lengths of name and extra. */
function widths(values: number[]): [number, number][] {
  return values.map((value, n) => [n >= 4 && n <= 6 ? 4 : 2, value]);
}

/** Little-endian numbers of 2 or 4 bytes. */
function struct(...fields: [width: number, value: number][]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 4) view.setUint32(at, value, true);
    else view.setUint16(at, value, true);
    at += width;
  }
  return bytes;
}
