// The form in which blobs lie in a file: one record after the other, each with all that is needed
// to read it, so that what was written before a crash is found again and a record that was torn by
// it is known for one.
//
//   4  "BRW1"      4  number      8  milliseconds on the take, a float
//   4  length     32  SHA-256 of the bytes      then the bytes        all big-endian

export const headerBytes = 52;
const magic = 0x42525731; // "BRW1"
/** No blob is longer: a length beyond it is damage, not data. The server takes 8 MiB. */
export const maxBytes = 64 << 20;

export interface Header {
  number: number;
  /** When the last of it was recorded, in milliseconds of the take. */
  timeMS: number;
  length: number;
  sha256: Uint8Array<ArrayBuffer>;
}

/** A record in a file. */
export interface Entry extends Header {
  /** Where in the file its bytes begin. */
  at: number;
}

export function encodeHeader(header: Header): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  view.setUint32(4, header.number);
  view.setFloat64(8, header.timeMS);
  view.setUint32(16, header.length);
  bytes.set(header.sha256, 20);
  return bytes;
}

/** The header in bytes; null when there is none. */
export function decodeHeader(bytes: Uint8Array): Header | null {
  if (bytes.length < headerBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const length = view.getUint32(16);
  if (view.getUint32(0) !== magic || length > maxBytes) return null;
  return {
    number: view.getUint32(4), timeMS: view.getFloat64(8), length,
    sha256: new Uint8Array(bytes.slice(20, headerBytes)),
  };
}

/** What a file is read by: as many bytes as there are from a place on, at most length. */
export type Read = (at: number, length: number) => Uint8Array | Promise<Uint8Array>;

export interface Scan {
  entries: Entry[];
  /** Where the whole records end; what lies behind was torn. */
  end: number;
}

/** Finds the records of a file of so many bytes. Of the last one the bytes are looked at as well:
 *  a file can have grown without its content having reached the disk. */
export async function scan(read: Read, size: number): Promise<Scan> {
  const entries: Entry[] = [];
  let end = 0;
  while (end + headerBytes <= size) {
    const header = decodeHeader(await read(end, headerBytes));
    const at = end + headerBytes;
    if (!header || at + header.length > size) break;
    entries.push({ ...header, at });
    end = at + header.length;
  }
  const last = entries.at(-1);
  if (last && !same(await sha256(await read(last.at, last.length)), last.sha256)) {
    entries.pop();
    end = last.at - headerBytes;
  }
  return { entries, end };
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, n) => value === b[n]);
}
