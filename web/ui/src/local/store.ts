// Lessons in a folder of the browser's own file system. It runs in a worker, since only there a
// file can be written as the lesson goes on; tests give it a folder of their own.
//
//   lessons/<recording>/facts              what is known of the lesson: a log of changes
//   lessons/<recording>/<take>/<number>    the blobs from that number on, about 16 MiB a file
//
// Both kinds of file are records one after the other (records.ts) and are only ever added to, each
// record being on the disk before the call is answered. Files of blobs are as small as that so that
// what the server has confirmed can be let go where the disk runs short.

import { encodeHeader, headerBytes, scan, sha256 } from "./records";
import type { Entry, Read, Scan } from "./records";
import type { EndReason, Facts, Kept, KeptLesson, KeptTake, Lesson, Take, TakeChange } from "./types";

/** When a file of blobs is longer than this, the next blob begins another. */
const fileBytes = 16 << 20;
/** How long a file that another page is just writing is waited for. */
const patience = { tries: 40, everyMS: 50 };

/** A change of what is known of a lesson: some of its facts, or one of its takes as it is now. */
type Change = { lesson: Partial<Facts> } | { take: TakeChange };

/** A file that a take is just being written to. */
interface Writing {
  handle: FileSystemSyncAccessHandle;
  entries: Entry[];
  end: number;
}

export class Store {
  #writing = new Map<string, Writing>(); // by take
  #loaded: Loaded | null = null; // the file that was read last: blobs are read in their order

  constructor(private readonly root: () => Promise<FileSystemDirectoryHandle>) {}

  /** Everything that is kept, oldest first. A lesson whose facts cannot be read is left out. */
  async lessons(): Promise<KeptLesson[]> {
    const found: KeptLesson[] = [];
    for (const name of await namesIn(await this.#lessons())) {
      const kept = await this.lesson(name);
      if (kept) found.push(kept);
    }
    return found.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }

  async lesson(recording: string): Promise<KeptLesson | null> {
    const folder = await this.#folder(recording).catch(absent);
    if (!folder) return null;
    const facts = await fileOf(folder, "facts");
    const known = facts && (await factsOf(await readAll(facts)));
    if (!known) return null;
    const takes: KeptTake[] = [];
    for (const take of known.takes) takes.push(await this.#survey(folder, take));
    return { ...known, takes };
  }

  /** Begins to keep a lesson. */
  async begin(lesson: Lesson): Promise<void> {
    await (await this.#lessons()).getDirectoryHandle(lesson.recording, { create: true });
    const { takes, ...facts } = lesson;
    await this.#note(lesson.recording, { lesson: facts });
    for (const take of takes) await this.#note(lesson.recording, { take });
  }

  async change(recording: string, facts: Partial<Facts>): Promise<void> {
    await this.#note(recording, { lesson: facts });
  }

  /** Notes a take, or what is new about one. What is confirmed is let go. */
  async note(recording: string, take: TakeChange): Promise<void> {
    await this.#note(recording, { take });
    if (!take.confirmed) return;
    const folder = await this.#folder(recording);
    await folder.removeEntry(take.id, { recursive: true }).catch(absent);
  }

  /** Adds a take's next blob. It is on the disk when this resolves. */
  async append(recording: string, take: string, number: number, timeMS: number, bytes: ArrayBuffer): Promise<void> {
    let file = this.#writing.get(take);
    if (file && file.end > fileBytes) {
      this.#close(take);
      file = undefined;
    }
    file ??= await this.#open(recording, take, number);
    const content = new Uint8Array(bytes);
    const header = { number, timeMS, length: content.length, sha256: await sha256(content) };
    const at = file.end + headerBytes;
    try {
      write(file.handle, encodeHeader(header), file.end);
      write(file.handle, content, at);
      file.handle.flush();
    } catch (cause) {
      file.handle.truncate(file.end); // the disk is full: what was there before stays whole
      throw cause;
    }
    file.entries.push({ ...header, at });
    file.end = at + content.length;
  }

  /** Ends a take: it has as many blobs as are kept of it. One whose end nobody saw is as long as
   *  what is kept. */
  async close(recording: string, id: string, reason: EndReason, lengthMS?: number): Promise<void> {
    const take = (await this.lesson(recording))?.takes.find((each) => each.id === id);
    this.#close(id);
    if (!take || take.ended) return;
    const reachesMS = Math.round(take.reachesMS);
    const ended = { blobs: take.blobs, lengthMS: lengthMS ?? reachesMS, reason };
    await this.#note(recording, { take: { id, ended } });
  }

  /** A blob as it was written; null when it is not here. */
  async read(recording: string, take: string, number: number): Promise<Kept | null> {
    const writing = this.#writing.get(take);
    const fresh = writing?.entries.find((entry) => entry.number === number);
    if (writing && fresh) {
      const bytes = new Uint8Array(fresh.length);
      writing.handle.read(bytes, { at: fresh.at });
      return { bytes: bytes.buffer, sha256: fresh.sha256 };
    }
    const folder = await (await this.#folder(recording)).getDirectoryHandle(take).catch(absent);
    const names = folder ? await namesIn(folder) : [];
    const name = names.findLast((each) => Number(each) <= number);
    if (!folder || !name) return null;
    const { bytes, found } = await this.#load(folder, take, name);
    const entry = found.entries.find((each) => each.number === number);
    if (!entry) return null;
    return { bytes: bytes.slice(entry.at, entry.at + entry.length).buffer, sha256: entry.sha256 };
  }

  /** Lets go of the oldest file whose blobs the server has, all of them, and answers how many bytes
   *  that brought; 0 when there is none. */
  async spare(): Promise<number> {
    for (const lesson of await this.lessons()) {
      const folder = await this.#folder(lesson.recording);
      for (const take of lesson.takes) {
        const through = take.sent?.through ?? 0;
        const files = await folder.getDirectoryHandle(take.id).catch(absent);
        const [first, second] = files ? await namesIn(files) : [];
        // The last file stays: it says how many blobs there are.
        if (!files || !first || !second || Number(second) - 1 > through) continue;
        const { size } = (await fileOf(files, first)) ?? { size: 0 };
        await files.removeEntry(first);
        await this.#note(lesson.recording, { take: { id: take.id, spared: (take.spared ?? 0) + size } });
        return size;
      }
    }
    return 0;
  }

  /** What is here of a lesson's takes, each as one file that players read. */
  async media(recording: string): Promise<{ take: Take; media: Blob }[]> {
    const folder = await this.#folder(recording);
    const found: { take: Take; media: Blob }[] = [];
    for (const take of (await this.lesson(recording))?.takes ?? []) {
      const files = await folder.getDirectoryHandle(take.id).catch(absent);
      const parts: Blob[] = [];
      for (const name of files ? await namesIn(files) : []) {
        const file = files && (await fileOf(files, name));
        if (!file) continue;
        const { entries } = await scan(async (at, length) => readAll(file.slice(at, at + length)), file.size);
        parts.push(...entries.map(({ at, length }) => file.slice(at, at + length)));
      }
      if (parts.length > 0) found.push({ take, media: new Blob(parts, { type: take.mediaType }) });
    }
    return found;
  }

  /** Deletes a lesson. */
  async discard(recording: string): Promise<void> {
    const lesson = await this.lesson(recording);
    for (const take of lesson?.takes ?? []) this.#close(take.id);
    await (await this.#lessons()).removeEntry(recording, { recursive: true }).catch(absent);
  }

  async #lessons(): Promise<FileSystemDirectoryHandle> {
    return (await this.root()).getDirectoryHandle("lessons", { create: true });
  }

  async #folder(recording: string): Promise<FileSystemDirectoryHandle> {
    return (await this.#lessons()).getDirectoryHandle(recording);
  }

  /** Adds a change to a lesson's facts. The file is this page's alone meanwhile, so that changes of
   *  two pages follow each other; a record that was torn is written over. */
  async #note(recording: string, change: Change): Promise<void> {
    const folder = await this.#folder(recording);
    const file = await folder.getFileHandle("facts", { create: true });
    const handle = await alone(file);
    try {
      const { entries, end } = await scan(reader(handle), handle.getSize());
      const bytes = new TextEncoder().encode(JSON.stringify(change));
      handle.truncate(end);
      write(handle, encodeHeader({
        number: entries.length + 1, timeMS: 0, length: bytes.length, sha256: await sha256(bytes),
      }), end);
      write(handle, bytes, end + headerBytes);
      handle.flush();
    } finally {
      handle.close();
    }
  }

  /** Opens the file that a take's blob goes to: a new one, or one that a crash left open. */
  async #open(recording: string, take: string, number: number): Promise<Writing> {
    const folder = await (await this.#folder(recording)).getDirectoryHandle(take, { create: true });
    const file = await folder.getFileHandle(String(number).padStart(6, "0"), { create: true });
    const handle = await alone(file);
    const { entries, end } = await scan(reader(handle), handle.getSize());
    handle.truncate(end);
    const writing = { handle, entries, end };
    this.#writing.set(take, writing);
    return writing;
  }

  #close(take: string): void {
    this.#writing.get(take)?.handle.close();
    this.#writing.delete(take);
  }

  /** How much of a take is here. Only of one that was not ended the records have to be looked at. */
  async #survey(lesson: FileSystemDirectoryHandle, take: Take): Promise<KeptTake> {
    const { blobs, lengthMS } = take.ended ?? { blobs: 0, lengthMS: 0 };
    const kept: KeptTake = { ...take, blobs, reachesMS: lengthMS, bytes: 0 };
    const folder = await lesson.getDirectoryHandle(take.id).catch(absent);
    if (!folder) return kept;
    const names = await namesIn(folder);
    for (const name of names) kept.bytes += (await fileOf(folder, name))?.size ?? 0;
    const name = names.at(-1);
    if (take.ended || !name) return kept;
    const { entries } = this.#writing.get(take.id) ?? (await this.#load(folder, take.id, name)).found;
    const last = entries.at(-1);
    return { ...kept, blobs: last?.number ?? Number(name) - 1, reachesMS: last?.timeMS ?? 0 };
  }

  async #load(folder: FileSystemDirectoryHandle, take: string, name: string): Promise<Loaded> {
    const file = await fileOf(folder, name);
    const path = `${take}/${name}`;
    if (this.#loaded?.path === path && this.#loaded.bytes.length === file?.size) return this.#loaded;
    const bytes = file ? await readAll(file) : new Uint8Array();
    this.#loaded = { path, bytes, found: await scan(within(bytes), bytes.length) };
    return this.#loaded;
  }
}

/** A file of blobs as it was read, to be read from again. */
interface Loaded {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  found: Scan;
}

/** What a log of changes comes to; null when it never said what lesson it is of. */
async function factsOf(log: Uint8Array): Promise<Lesson | null> {
  const lesson: Partial<Lesson> & { takes: Take[] } = { takes: [] };
  const { entries } = await scan(within(log), log.length);
  for (const { at, length } of entries) {
    const change = JSON.parse(new TextDecoder().decode(log.subarray(at, at + length))) as Change;
    if ("lesson" in change) {
      Object.assign(lesson, change.lesson);
      continue;
    }
    const known = lesson.takes.findIndex((take) => take.id === change.take.id);
    if (known < 0) lesson.takes.push(change.take as Take);
    else lesson.takes[known] = { ...lesson.takes[known], ...change.take } as Take;
  }
  return lesson.recording ? (lesson as Lesson) : null;
}

/** The handle of a file that nobody else writes to meanwhile. */
async function alone(file: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await file.createSyncAccessHandle();
    } catch (cause) {
      const busy = cause instanceof DOMException && cause.name === "NoModificationAllowedError";
      if (!busy || tries === patience.tries) throw cause;
      await new Promise((resolve) => setTimeout(resolve, patience.everyMS));
    }
  }
}

/** Writes all of bytes, or throws: a file system that is full may write a part. */
function write(handle: FileSystemSyncAccessHandle, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  const written = handle.write(bytes, { at });
  if (written < bytes.length) throw new DOMException("The disk is full.", "QuotaExceededError");
}

function reader(handle: FileSystemSyncAccessHandle): Read {
  return (at, length) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, handle.getSize() - at)));
    handle.read(bytes, { at });
    return bytes;
  };
}

function within(bytes: Uint8Array): Read {
  return (at, length) => bytes.subarray(at, at + length);
}

async function namesIn(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names.sort();
}

async function fileOf(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  return (await folder.getFileHandle(name).catch(absent))?.getFile();
}

/** What is not there, or no longer, is undefined. */
function absent(cause: unknown): undefined {
  if (cause instanceof DOMException && cause.name === "NotFoundError") return undefined;
  throw cause;
}

async function readAll(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}
