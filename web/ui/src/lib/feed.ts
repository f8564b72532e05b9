// The live feed of a recording's marks, as a library: the protocol of docs/live-feed.md and
// nothing of any screen. A LiveFeed keeps one websocket open, knows how far it has heard, comes
// back by itself after a cut, and tells what it hears through its events:
//
//   const feed = new LiveFeed(url, boot.seq);
//   feed.on("event", (event) => …);      // in order; numbers may be left out
//   feed.on("answer", (answer) => …);    // ack or refused, to a write with that ref
//   feed.on("state", (state) => …);
//   feed.open();
//
// Writes are sent once; sending them again after a cut is the outbox's business (outbox.ts).

import { Emitter } from "./emitter";
import { isRecord } from "./api";

/** An entry of the log: the thing as it is now, under the name of what was done to it. */
export interface FeedEvent {
  seq: number;
  change: string;
  annotation_id: string;
  actor_id?: string;
  at?: string;
  annotation?: unknown;
  reply?: unknown;
}

export interface Hello {
  user_id: string;
  since: number;
  may: { annotate: boolean; reply: boolean };
}

/** A write is stored: it is event seq, and the thing has the version. */
export interface Ack {
  type: "ack";
  ref: string;
  seq: number;
  version: number;
}

export type RefusalKind =
  | "conflict"
  | "invalid"
  | "too_large"
  | "forbidden"
  | "not_found"
  | "too_many"
  | "unavailable"
  | "internal";

/** A write was not stored. */
export interface Refusal {
  type: "refused";
  ref: string;
  kind: RefusalKind;
  /** A sentence for the person. */
  message: string;
  /** With a conflict: the thing as it is now. */
  current?: unknown;
  retry_after_ms?: number;
}

/**
 * Where the feed is: "live" once all that was missed has been heard, "away" between two
 * connections, and the ends after which it does not come back by itself: "signed_out" (open it
 * again after signing in), "forbidden", "gone", "closed".
 */
export type FeedState =
  | "connecting"
  | "live"
  | "away"
  | "signed_out"
  | "forbidden"
  | "gone"
  | "closed";

type Events = {
  hello: Hello;
  /** The log is another one than was known: forget every mark, all of it follows. */
  reset: void;
  event: FeedEvent;
  answer: Ack | Refusal;
  state: FeedState;
};

/** What the feed needs of the world; tests bring their own. */
export interface Surroundings {
  connect(url: string): WebSocket;
  after(ms: number, act: () => void): () => void;
  random(): number;
}

const browser: Surroundings = {
  connect: (url) => new WebSocket(url),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** Hearing nothing for this many beats means that the line is dead. */
const deafBeats = 2.5;
/** Until the server has said how often it beats. */
const firstBeatMS = 20_000;
/** A line that lasted this long was a good one: waits begin anew. */
const steadyMS = 10_000;

export class LiveFeed extends Emitter<Events> {
  #socket: WebSocket | undefined;
  #state: FeedState = "closed";
  #since: number;
  #failures = 0;
  #beatMS = firstBeatMS;
  #stopWaiting: () => void = () => {};
  #stopListening: () => void = () => {};
  #stopSteady: () => void = () => {};

  /** url is the feed's address without since; since the last seq that is known already. */
  constructor(
    readonly url: string,
    since: number,
    readonly surroundings: Surroundings = browser,
  ) {
    super();
    this.#since = since;
  }

  get state(): FeedState {
    return this.#state;
  }

  /** The last seq up to which everything has been heard. */
  get since(): number {
    return this.#since;
  }

  /** Connects, at once, also when the next try was to come later. Open already: does nothing. */
  open(): void {
    if (this.#socket) return;
    this.#stopWaiting();
    this.#enter("connecting");
    const url = `${this.url}?since=${this.#since}`;
    const socket = this.surroundings.connect(url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heard();
      if (typeof data === "string") this.#receive(data);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      this.#drop();
      this.#comeBack(code);
    };
    this.#heard();
  }

  /** Connects anew at once: for when the network is known to have changed under the line. */
  reopen(): void {
    if (this.#state === "closed" || this.#state === "forbidden" || this.#state === "gone") return;
    const socket = this.#socket;
    this.#drop();
    socket?.close(4000);
    this.#enter("away");
    this.open();
  }

  /** Ends the connection and does not come back until it is opened again. */
  close(): void {
    this.#stopWaiting();
    const socket = this.#socket;
    this.#drop();
    socket?.close(1000);
    this.#enter("closed");
  }

  /** Sends a write; false when there is no line to send it on. An answer comes for its ref. */
  send(write: { type: string; ref: string }): boolean {
    if (this.#state !== "live" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(write));
    return true;
  }

  #receive(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return; // a message of a later protocol, as a type that is not known
    }
    if (!isRecord(message)) return;
    switch (message["type"]) {
      case "hello":
        this.#hello(message);
        break;
      case "event": {
        const event = message as unknown as FeedEvent;
        this.#advance(event.seq);
        this.emit("event", event);
        break;
      }
      case "caught_up":
        this.#advance(message["seq"]);
        this.#stopSteady = this.surroundings.after(steadyMS, () => (this.#failures = 0));
        this.#enter("live");
        break;
      case "beat":
        this.#advance(message["seq"]);
        break;
      case "ack":
      case "refused":
        this.emit("answer", message as unknown as Ack | Refusal);
    }
  }

  #hello(message: Record<string, unknown>): void {
    const hello = message as unknown as Hello & { beat_ms?: number };
    if (hello.beat_ms) this.#beatMS = hello.beat_ms;
    this.#heard();
    if (hello.since < this.#since) {
      this.#since = hello.since;
      this.emit("reset", undefined);
    }
    this.emit("hello", hello);
  }

  #advance(seq: unknown): void {
    if (typeof seq === "number" && seq > this.#since) this.#since = seq;
  }

  /** Sets the watch again: a line on which nothing is heard for too long is given up. */
  #heard(): void {
    this.#stopListening();
    this.#stopListening = this.surroundings.after(this.#beatMS * deafBeats, () => {
      const socket = this.#socket;
      this.#drop();
      socket?.close(4000);
      this.#comeBack(1006);
    });
  }

  #drop(): void {
    this.#stopListening();
    this.#stopSteady();
    this.#socket = undefined;
  }

  /** Does what the close code says. */
  #comeBack(code: number): void {
    switch (code) {
      case 4401:
        return this.#enter("signed_out");
      case 4403:
        return this.#enter("forbidden");
      case 4404:
        return this.#enter("gone");
    }
    this.#enter("away");
    this.#stopWaiting = this.surroundings.after(this.#wait(code), () => this.open());
  }

  #wait(code: number): number {
    const jitter = this.surroundings.random();
    const doubled = 2 ** Math.min(this.#failures++, 6);
    switch (code) {
      case 4008: // fell behind: once at once, and no tight circle if that does not help
        return doubled === 1 ? 0 : doubled * 500;
      case 1012:
        return 1000 + jitter * 9000;
      case 1013:
        return Math.min(60_000, 5000 * doubled);
    }
    return Math.min(30_000, (500 + jitter * 1000) * doubled);
  }

  #enter(state: FeedState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit("state", state);
  }
}

/** The address of a recording's feed, on the page's own origin. */
export function feedURL(recording: string, base: string = location.href): string {
  const url = new URL(`/api/recordings/${recording}/live-feed`, base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** Whether a refusal is final: the same write will not be taken later either. */
export function isFinal(kind: RefusalKind): boolean {
  return kind !== "too_many" && kind !== "unavailable" && kind !== "internal";
}
