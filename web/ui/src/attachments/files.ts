// The files that go with one lesson, without a screen: those on the server, those on their way, and
// those that wait for the lesson to begin.

import { signal } from "@preact/signals";

import { Problem, request } from "../lib/api";
import { newID } from "../lib/uuid";
import { type Send, sendFile } from "./send";
import type { FileShelf } from "./shelf";

/** A file on the server. */
export interface Attachment {
  id: string;
  name: string;
  media_type: string;
  bytes: number;
}

export interface Item {
  id: string;
  name: string;
  bytes: number;
  state: "waiting" | "sending" | "there" | "refused";
  /** How much of it has been sent, from 0 to 1. */
  share: number;
  /** Why it is refused, in the server's words. */
  sentence: string;
  file?: Blob;
}

/** The server's own limits (web/attachments.go), so that nobody waits in vain. */
export const maxBytes = 25 * 2 ** 20;
export const maxFiles = 20;
export const undoMS = 10_000;
const retryMS = 5_000;

export interface Outside {
  send: Send;
  request: typeof request;
  after(ms: number, act: () => void): () => void;
}

const browser: Outside = {
  send: sendFile,
  request,
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

export class Files {
  readonly items = signal<readonly Item[]>([]);
  /** The one that was removed last, for as long as it can be brought back. */
  readonly removed = signal<Item | null>(null);

  #recording: string;
  #sending: AbortController | null = null;
  #cancelRetry: () => void = () => {};
  #cancelRemoval: () => void = () => {};
  #closed = false;

  constructor(
    recording: string,
    readonly person: string,
    readonly shelf: Promise<FileShelf>,
    there: readonly Attachment[] = [],
    readonly outside: Outside = browser,
  ) {
    this.#recording = recording;
    this.items.value = there.map((a) => ({ ...a, state: "there", share: 1, sentence: "" }));
  }

  /** Takes up what an earlier page left behind. */
  async begin(): Promise<void> {
    const known = new Set(this.items.value.map(({ id }) => id));
    for (const kept of await (await this.shelf).all(this.person)) {
      if (kept.recording !== this.#recording || known.has(kept.id)) continue;
      this.#put({ id: kept.id, name: kept.name, bytes: kept.file.size, state: "waiting", share: 0,
        sentence: "", file: kept.file });
    }
    void this.#next();
  }

  get recording(): string {
    return this.#recording;
  }

  /** The lesson has begun: what waits goes with it. */
  async attachTo(recording: string): Promise<void> {
    if (recording === "" || recording === this.#recording) return;
    this.#recording = recording;
    const shelf = await this.shelf;
    for (const { id, name, file } of this.items.value) {
      if (file) await shelf.put({ id, person: this.person, recording, name, file });
    }
    void this.#next();
  }

  /** Adds files that were chosen; each is safe on this device before it is sent. */
  async add(chosen: readonly File[], refuse: (file: File, why: "large" | "many") => string): Promise<void> {
    const shelf = await this.shelf;
    for (const file of chosen) {
      const count = this.items.value.filter(({ state }) => state !== "refused").length;
      const why = file.size > maxBytes ? "large" : count >= maxFiles ? "many" : null;
      const item: Item = { id: newID(), name: file.name, bytes: file.size, share: 0,
        state: why ? "refused" : "waiting", sentence: why ? refuse(file, why) : "" };
      if (!why) {
        item.file = file;
        await shelf.put({ id: item.id, person: this.person, recording: this.#recording, name: file.name, file });
      }
      this.#put(item);
    }
    void this.#next();
  }

  /** Removes a file. One that is on the server can be brought back for ten seconds. */
  async remove(item: Item): Promise<void> {
    this.items.value = this.items.value.filter(({ id }) => id !== item.id);
    if (item.state !== "there") {
      if (item.state === "sending") this.#sending?.abort();
      await (await this.shelf).remove(item.id);
      // It may have arrived all the same.
      if (item.state === "sending") await this.#delete(item).catch(() => undefined);
      return;
    }
    this.settle();
    this.removed.value = item;
    this.#cancelRemoval = this.outside.after(undoMS, () => this.settle());
  }

  /** Brings back what was removed last. */
  undo(): void {
    const item = this.removed.value;
    if (!item) return;
    this.#cancelRemoval();
    this.removed.value = null;
    this.#put(item);
  }

  /** Has what was removed really removed: its time is over, or the page goes. */
  settle(): void {
    const item = this.removed.value;
    if (!item) return;
    this.#cancelRemoval();
    this.removed.value = null;
    this.#delete(item).catch(() => this.#put(item)); // it is there still
  }

  /** Tries at once: the connection is back. */
  hurry(): void {
    this.#cancelRetry();
    void this.#next();
  }

  close(): void {
    this.settle();
    this.#closed = true;
    this.#cancelRetry();
  }

  #path(id: string): string {
    return `/api/recordings/${this.#recording}/attachments/${id}`;
  }

  async #delete({ id }: Item): Promise<void> {
    try {
      await this.outside.request("DELETE", this.#path(id), { keepalive: true });
    } catch (cause) {
      if (!(cause instanceof Problem && cause.status === 404)) throw cause;
    }
  }

  /** Sends what waits, one file after the other. */
  async #next(): Promise<void> {
    if (this.#sending || this.#closed || this.#recording === "") return;
    const item = this.items.value.find(({ state, file }) => state === "waiting" && file);
    if (!item?.file) return;
    const stop = new AbortController();
    this.#sending = stop;
    this.#put({ ...item, state: "sending" });
    let wait = false;
    try {
      const made = await this.outside.send(`${this.#path(item.id)}?name=${encodeURIComponent(item.name)}`,
        item.file, (share) => this.#change(item.id, { share }), stop.signal);
      await (await this.shelf).remove(item.id);
      this.#change(item.id, { ...made, state: "there", share: 1, file: undefined });
    } catch (cause) {
      const problem = cause instanceof Problem ? cause : new Problem(0, "");
      // A lesson that was begun without a connection is not there yet; a session may have ended.
      wait = problem.temporary && problem.status !== 429 || problem.status === 404 || problem.status === 401;
      if (wait) this.#change(item.id, { state: "waiting", share: 0 });
      else {
        await (await this.shelf).remove(item.id);
        this.#change(item.id, { state: "refused", sentence: problem.detail });
      }
    }
    this.#sending = null;
    if (this.#closed) return;
    if (wait) this.#cancelRetry = this.outside.after(retryMS, () => void this.#next());
    else void this.#next();
  }

  #put(item: Item): void {
    const others = this.items.value.filter(({ id }) => id !== item.id);
    this.items.value = [...others, item].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #change(id: string, changes: Partial<Item>): void {
    this.items.value = this.items.value.map((item) => (item.id === id ? { ...item, ...changes } : item));
  }
}
