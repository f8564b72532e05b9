// Moments that were marked and are not known to be on the server: kept in IndexedDB, so that they
// outlive a reload and a day without a connection, and sent until they are answered. Sending one
// twice is harmless: its id alone says which it is.

import { signal } from "@preact/signals";

import { Problem, request } from "../lib/api";
import type { Entry, Shelf, Write } from "../lib/outbox";
import { newID } from "../lib/uuid";

const retryFirstMS = 1_000;
const retryLastMS = 30_000;
const answerWithinMS = 15_000;
/** A lesson that the server has not heard of after so long was deleted: nothing waits for it. */
const keepMS = 30 * 24 * 3600 * 1000;

export interface Outside {
  request: typeof request;
  now(): number;
  after(ms: number, act: () => void): () => void;
}

const browser: Outside = {
  request,
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

export class MomentOutbox {
  /** The moments that wait, the oldest first. */
  readonly waiting = signal<readonly Entry[]>([]);

  #cancel: () => void = () => {};
  #sending = false;
  #failures = 0;
  #closed = false;

  constructor(
    readonly shelf: Shelf,
    /** Who marks: laptops are shared. */
    readonly person: string,
    readonly text: string,
    readonly outside: Outside = browser,
  ) {}

  get #scope(): string {
    return `moments/${this.person}`;
  }

  /** Takes up what an earlier page left behind. */
  async begin(): Promise<void> {
    this.waiting.value = await this.shelf.all(this.#scope);
    this.hurry();
  }

  /** Marks a moment of a recording; it is safe when this resolves. */
  async mark(recording: string, atMS: number): Promise<string> {
    const id = newID();
    await this.#add({ type: "moment", id, recording, at_ms: atMS, text: this.text });
    return id;
  }

  /** Takes a mark back: out of the outbox if it is still there, else from the server. */
  async undo(recording: string, id: string): Promise<void> {
    const entry = this.waiting.value.find(({ write }) => write.id === id);
    // What is on its way may have arrived already: the server is told after it.
    if (entry && !this.#sending) return this.#drop(entry);
    await this.#add({ type: "unmark", id, recording });
  }

  /** Tries at once: the connection is back. */
  hurry(): void {
    this.#cancel();
    void this.#send();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #add(write: Write): Promise<void> {
    const n = await this.shelf.add(this.#scope, write);
    this.waiting.value = [...this.waiting.value, { n, write }];
    this.hurry();
  }

  async #drop(entry: Entry): Promise<void> {
    this.waiting.value = this.waiting.value.filter(({ n }) => n !== entry.n);
    await this.shelf.remove(entry.n);
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#closed) return;
    this.#sending = true;
    let again = false;
    try {
      for (const entry of this.waiting.value) {
        const outcome = await this.#one(entry);
        if (outcome === "stop") {
          again = true;
          break;
        }
        if (outcome === "later") again = true;
        else await this.#drop(entry);
      }
    } finally {
      this.#sending = false;
    }
    if (this.#closed) return;
    this.#failures = again ? this.#failures + 1 : 0;
    if (again) {
      const wait = Math.min(retryLastMS, retryFirstMS * 2 ** Math.min(this.#failures - 1, 5));
      this.#cancel = this.outside.after(wait, () => void this.#send());
    } else if (this.waiting.value.length > 0) void this.#send(); // added meanwhile
  }

  /** Sends one: "stop" when nothing gets through, "later" when only this one has to wait. */
  async #one({ write }: Entry): Promise<"done" | "later" | "stop"> {
    const path = `/api/recordings/${String(write["recording"])}/moments/${write.id}`;
    try {
      if (write.type === "unmark") {
        await this.outside.request("DELETE", path, { signal: AbortSignal.timeout(answerWithinMS) });
      } else {
        await this.outside.request("PUT", path, {
          body: { at_ms: write["at_ms"], text: write["text"] },
          signal: AbortSignal.timeout(answerWithinMS),
        });
      }
      return "done";
    } catch (cause) {
      const problem = cause instanceof Problem ? cause : new Problem(0, "");
      if (problem.temporary || problem.status === 401) return "stop";
      // A lesson that was begun without a connection is not there yet.
      const young = this.outside.now() - madeAt(write.id) < keepMS;
      return problem.status === 404 && write.type === "moment" && young ? "later" : "done";
    }
  }
}

/** When a UUIDv7 was made, in milliseconds since 1970 (RFC 9562, section 5.7). */
export function madeAt(id: string): number {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
