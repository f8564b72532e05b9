// Carries an outbox to the server: one write at a time, in order, over the live feed, or over the
// API where no websocket gets through. A write leaves the outbox when it is acked; one that is
// refused for good stays in it, marked, until the person has decided.

import { Problem } from "./api";
import { Emitter } from "./emitter";
import { type Ack, isFinal, type LiveFeed, type Refusal, type RefusalKind } from "./feed";
import type { Entry, Shelf, Write } from "./outbox";

type Events = {
  /** What waits in the outbox, after every change to it. */
  entries: readonly Entry[];
  stored: { write: Write; version: number };
  refused: { write: Write; refusal: Refusal };
};

/** Sends one write over the API and resolves to the version stored; rejects with Problem. */
export type SendByAPI = (write: Write) => Promise<number>;

/** How long a feed may be away before the API is tried, and how long an answer may take. */
const patienceMS = 4_000;
const answerMS = 15_000;

export class Courier extends Emitter<Events> {
  #entries: Entry[] = [];
  #sent: Entry | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #stops: (() => void)[];
  #closed = false;

  constructor(
    readonly feed: LiveFeed,
    readonly shelf: Shelf,
    /** Whose outbox it is: person and recording. */
    readonly scope: string,
    readonly sendByAPI: SendByAPI,
  ) {
    super();
    this.#stops = [
      feed.on("answer", (answer) => void this.#answered(answer)),
      feed.on("state", (state) => {
        // Whatever was under way on the old line is not known to have arrived: send it again.
        this.#sent = undefined;
        if (state === "live") this.#next();
        if (state === "away") this.#later(patienceMS);
      }),
    ];
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Takes up what an earlier page left behind. */
  async begin(): Promise<void> {
    const kept = await this.shelf.all(this.scope);
    const known = new Set(kept.map((entry) => entry.n));
    this.#change([...kept, ...this.#entries.filter((entry) => !known.has(entry.n))]);
    this.#next();
  }

  /** Puts a write into the outbox; it is safe there when this resolves. */
  async post(write: Write): Promise<void> {
    const n = await this.shelf.add(this.scope, write);
    if (this.#closed) return;
    this.#change([...this.#entries, { n, write }]);
    this.#next();
  }

  /** Drops an entry that was refused. */
  async drop(n: number): Promise<void> {
    this.#change(this.#entries.filter((entry) => entry.n !== n));
    await this.shelf.remove(n);
  }

  close(): void {
    this.#closed = true;
    this.#stops.forEach((stop) => stop());
    clearTimeout(this.#retry);
  }

  #next(): void {
    if (this.#closed || this.#sent) return;
    const first = this.#entries.find((entry) => !entry.refused);
    if (!first) return;
    if (this.feed.send({ ...first.write, ref: `w${first.n}` })) {
      this.#sent = first;
      this.#later(answerMS);
    }
  }

  /** Tries again after ms: over the feed if it is live by then, otherwise over the API. */
  #later(ms: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      const unanswered = this.#sent;
      this.#sent = undefined;
      if (this.feed.state === "live" && !unanswered) this.#next();
      else void this.#overAPI();
    }, ms);
  }

  async #overAPI(): Promise<void> {
    const first = this.#entries.find((entry) => !entry.refused);
    if (!first || this.#sent || this.#closed) return;
    this.#sent = first;
    const ref = `w${first.n}`;
    try {
      const version = await this.sendByAPI(first.write);
      await this.#answered({ type: "ack", ref, seq: 0, version });
    } catch (cause) {
      const problem = cause instanceof Problem ? cause : new Problem(0, "");
      const kind = problem.temporary
        ? "unavailable"
        : ((problem.document["kind"] as RefusalKind | undefined) ?? "invalid");
      await this.#answered({
        type: "refused",
        ref,
        // Signing in again is what makes it storable: not the end of it.
        kind: problem.status === 401 ? "unavailable" : kind,
        message: problem.detail,
        current: problem.document["current"],
      });
    }
  }

  async #answered(answer: Ack | Refusal): Promise<void> {
    const entry = this.#entries.find(({ n }) => `w${n}` === answer.ref);
    if (!entry) return;
    this.#sent = undefined;
    clearTimeout(this.#retry);
    if (answer.type === "ack") {
      this.#failures = 0;
      this.emit("stored", { write: entry.write, version: answer.version });
      await this.drop(entry.n);
    } else if (isFinal(answer.kind)) {
      this.#change(
        this.#entries.map((other) => (other === entry ? { ...entry, refused: answer } : other)),
      );
      this.emit("refused", { write: entry.write, refusal: answer });
      await this.shelf.mark(entry.n, answer);
    } else {
      const wait = Math.min(30_000, 1000 * 2 ** Math.min(this.#failures++, 5));
      return this.#later(answer.retry_after_ms ?? wait);
    }
    this.#next();
    if (!this.#sent && this.feed.state !== "live") void this.#overAPI();
  }

  #change(entries: Entry[]): void {
    this.#entries = entries;
    this.emit("entries", entries);
  }
}
