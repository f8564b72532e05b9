// A file system, recorders and a server that tests move.

import { createHash } from "node:crypto";

import { Problem } from "../lib/api";
import { Store } from "./store";

// Node hashes on threads of its own, whenever they get to it. Here it is done when it is asked for.
crypto.subtle.digest = async (_, bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()).buffer;

/** Lets everything that waits for a promise go on. */
export const settle = async (times = 20) => {
  for (let n = 0; n < times; n++) await new Promise((resolve) => setImmediate(resolve));
};

const missing = () => new DOMException("not there", "NotFoundError");

class FileHandle {
  bytes = new Uint8Array();
  locked = false;
  constructor(disk) { this.disk = disk; }
  async getFile() { return new Blob([this.bytes]); }
  async createSyncAccessHandle() {
    if (this.locked) throw new DOMException("in use", "NoModificationAllowedError");
    this.locked = true;
    return new SyncHandle(this);
  }
}

class SyncHandle {
  constructor(file) { this.file = file; }
  getSize() { return this.file.bytes.length; }
  read(into, { at = 0 } = {}) {
    const part = this.file.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }
  write(from, { at = 0 } = {}) {
    const { file } = this;
    const more = Math.max(0, at + from.length - file.bytes.length);
    const fits = Math.min(from.length, from.length - more + Math.min(more, file.disk.room));
    if (at + fits > file.bytes.length) {
      const grown = new Uint8Array(at + fits);
      grown.set(file.bytes);
      file.disk.room -= grown.length - file.bytes.length;
      file.bytes = grown;
    }
    file.bytes.set(from.subarray(0, fits), at);
    return fits;
  }
  truncate(size) {
    this.file.disk.room += this.file.bytes.length - size;
    this.file.bytes = this.file.bytes.slice(0, size);
  }
  flush() { this.file.disk.flushes++; }
  close() { this.file.locked = false; }
}

class Folder {
  entries = new Map();
  constructor(disk) { this.disk = disk; }
  async getDirectoryHandle(name, { create = false } = {}) { return this.#get(name, create, Folder); }
  async getFileHandle(name, { create = false } = {}) { return this.#get(name, create, FileHandle); }
  #get(name, create, Kind) {
    if (!this.entries.has(name) && create) this.entries.set(name, new Kind(this.disk));
    const found = this.entries.get(name);
    if (!found) throw missing();
    return found;
  }
  async removeEntry(name) {
    const entry = this.entries.get(name);
    if (!entry) throw missing();
    if (entry.locked) throw new DOMException("in use", "NoModificationAllowedError");
    this.disk.room += size(entry);
    this.entries.delete(name);
  }
  async *keys() { yield* [...this.entries.keys()]; }
}

function size(entry) {
  if (entry instanceof FileHandle) return entry.bytes.length;
  return [...entry.entries.values()].reduce((sum, each) => sum + size(each), 0);
}

/** A disk with a file system on it. A store is made of it as often as a page would. */
export class Disk {
  room = Infinity;
  flushes = 0;
  root = new Folder(this);

  /** The store of a page that has just been opened: the pages before it are dead. */
  store() {
    for (const file of this.files()) file[1].locked = false;
    return new Store(async () => this.root);
  }

  *files(folder = this.root, path = "") {
    for (const [name, entry] of folder.entries) {
      if (entry instanceof Folder) yield* this.files(entry, `${path}${name}/`);
      else yield [path + name, entry];
    }
  }
  file(end) { return [...this.files()].find(([path]) => path.endsWith(end))?.[1]; }
}

export const lessonOf = (change = {}) => ({
  recording: "r1", person: "anna", personName: "Anna", title: "Fractions", startedAt: "2026-03-01T08:00:00Z",
  create: { id: "r1", title: "Fractions" }, registered: true, token: "brt_1", taughtMS: -1, finished: false,
  takes: [], ...change,
});

export const takeOf = (change = {}) => ({
  id: "t1", source: "camera", offsetMS: 0, startedAt: "2026-03-01T08:00:00Z", mediaType: "video/mp4", ...change,
});

export const blobOf = (number, length = 1000) => new Uint8Array(length).fill(number).buffer;

/** A store with the events of a vault, and its worker's habit of doing one thing after the other. */
export class FakeVault {
  listeners = new Set();
  #queue = Promise.resolve();
  constructor(store) {
    this.store = store;
    const call = (method, args) => {
      const done = this.#queue.then(() => this.store[method](...args));
      this.#queue = done.catch(() => undefined);
      return done;
    };
    for (const method of ["lessons", "lesson", "read", "spare", "media"]) {
      this[method] = (...args) => call(method, args);
    }
    for (const method of ["begin", "change", "note", "append", "close", "discard"]) {
      this[method] = async (...args) => {
        await call(method, args);
        for (const listen of this.listeners) listen({ recording: args[0].recording ?? args[0] });
      };
    }
  }
  on(_, listen) {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }
}

/** A MediaRecorder whose browser is the test. */
export class Recording extends EventTarget {
  state = "inactive";
  asked = 0;
  constructor(tracks, options) {
    super();
    this.tracks = tracks;
    this.mimeType = options.mimeType;
    this.options = options;
  }
  start(slice) { this.state = "recording"; this.slice = slice; }
  begin() { this.dispatchEvent(new Event("start")); }
  give(length = 1000, fill = 1) {
    const event = new Event("dataavailable");
    event.data = new Blob([new Uint8Array(length).fill(fill)]);
    this.dispatchEvent(event);
  }
  requestData() { this.asked++; }
  /** Hands out the last and ends, as the browser does when it gets to it. */
  stop() {
    this.state = "inactive";
    setImmediate(() => {
      this.give(10, 9);
      this.dispatchEvent(new Event("stop"));
    });
  }
  /** Ends by itself. */
  break() {
    this.state = "inactive";
    this.dispatchEvent(new Event("stop"));
  }
}

/** The server's side of the takes of one recording (docs/api.md), by fetch. */
export class Ground {
  takes = new Map(); // id → { facts, blobs: Map, ended }
  requests = [];
  refuse = {}; // "METHOD kind" → [status, headers] or status, 0 for no answer
  token = "brt_1";
  me = "anna";
  made = [];
  finished = null;
  complete = true;
  atOnce = { now: 0, most: 0 };
  hold = null;

  fetch = async (path, init) => {
    const [, , , recording, kind, take, part, number] = path.split("/");
    const name = `${init.method} ${part ?? (take ? "take" : kind)}`;
    this.requests.push(name);
    if (init.headers.Authorization !== `Bearer ${this.token}`) return answer(401, { detail: "Sign in." });
    const refusal = this.refuse[name];
    if (refusal === 0) throw new TypeError("network");
    if (refusal !== undefined) return answer(...[refusal, { detail: `No: ${[refusal].flat()[0]}.` }].flat());
    if (kind === "finish") {
      this.finished = JSON.parse(init.body).taught_ms;
      return answer(200, {});
    }
    const known = this.takes.get(take);
    if (name === "PUT take") {
      if (!known) this.takes.set(take, { recording, facts: JSON.parse(init.body), blobs: new Map() });
      return answer(known ? 200 : 201, {});
    }
    if (name === "GET blobs") return answer(200, this.#have(known));
    if (name === "POST end") {
      known.ended = JSON.parse(init.body);
      return answer(200, {});
    }
    this.atOnce.most = Math.max(this.atOnce.most, ++this.atOnce.now);
    await (this.hold ?? settle());
    this.atOnce.now--;
    known.blobs.set(Number(number), { bytes: init.body, digest: init.headers["Content-Digest"] });
    return answer(201, {});
  };

  #have({ blobs, ended }) {
    const numbers = [...blobs.keys()].sort((a, b) => a - b);
    const have = [];
    for (const n of numbers) {
      if (have.at(-1)?.[1] === n - 1) have.at(-1)[1] = n;
      else have.push([n, n]);
    }
    const bytes = [...blobs.values()].reduce((sum, blob) => sum + blob.bytes.byteLength, 0);
    const whole = ended?.blobs === blobs.size;
    return { have, bytes, blob_count: ended?.blobs ?? -1, complete: whole && this.complete };
  }

  request = async (method, path, options = {}) => {
    const name = `${method} ${path.split("/").at(-1)}`;
    this.requests.push(name);
    if (name in this.refuse) throw new Problem(this.refuse[name], "No.");
    if (name === "GET me") {
      if (!this.me) throw new Problem(401, "");
      return { id: this.me };
    }
    if (name === "POST capture-token") return { token: this.token };
    this.made.push(options.body);
    return { capture_token: this.token };
  };

  count(name) { return this.requests.filter((each) => each === name).length; }
}

function answer(status, body, headers = {}) {
  return {
    ok: status < 300, status, text: async () => JSON.stringify(body),
    headers: { get: (name) => headers[name] ?? null },
  };
}
