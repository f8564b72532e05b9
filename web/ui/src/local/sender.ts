// Sends what this laptop keeps: one page of the browser at a time, the lesson that is being recorded
// first and then the oldest.

import { signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";

import { request } from "../lib/api";
import { Errand } from "./errand";
import type { ErrandOutside } from "./errand";
import { heldNow, hold, lockOf, sending } from "./locks";
import type { LiveState } from "./pace";
import type { KeptLesson } from "./types";
import { openVault } from "./vault";
import type { Vault } from "./vault";

/** A lesson of which something is on this laptop alone. */
export interface UnsentLesson {
  recording: string;
  /** Whose it is: laptops are shared. */
  person: string;
  personName: string;
  title: string;
  startedAt: string; // RFC 3339
  lengthMs: number;
  bytes: number;
  bytesLeft: number;
  /** Whether a tab of this browser is recording it just now. */
  recordingNow: boolean;
  /** What the server did not take with it, as whom it was to go to, in its own words. */
  without?: string;
}

/** How a lesson gets on. */
export interface Sending extends UnsentLesson {
  state:
    | "sending"
    | "waiting" // for the network or the server: it is tried again by itself
    | "signed_out" // until its own person signs in
    | "refused" // for good: it stays on this laptop until the person decides
    | "sent"; // all of it is on the server
  /** The server's words about it; "" when it said nothing. */
  sentence: string;
  /** How long the rest takes at the present rate; null when that is not known. */
  leftMs: number | null;
  /** Up to where on the lesson's clock all that is kept here has been confirmed. */
  safeUntilMs: number;
  /** Whether the server knows that the lesson is over: its page can be opened. */
  finished: boolean;
}

/** What a sender asks of the browser; tests give others. */
export interface SenderOutside extends Omit<ErrandOutside, "vault" | "live"> {
  vault(): Promise<Pick<Vault, "on" | keyof ErrandOutside["vault"]> | null>;
  hold: typeof hold;
  heldNow: typeof heldNow;
}

export function senderOutside(): SenderOutside {
  return {
    vault: openVault, request, hold, heldNow,
    fetch: (path, init) => fetch(path, init),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: () => performance.now(),
    date: () => Date.now(),
  };
}

/** How long it waits where nothing is to be done and nobody says that something is. */
const lookEveryMS = 30_000;

export class Sender {
  /** What the live connection says of the network, where this page has one. */
  live: () => LiveState | null = () => null;

  readonly #lessons = signal<readonly Sending[]>([]);
  readonly #errands = new Map<string, Errand>();
  #over: AbortController | null = null;
  #holding = false; // this page is the one that sends
  #wake: () => void = () => undefined;

  constructor(readonly outside: SenderOutside = senderOutside()) {}

  /** Those that are being sent or wait, and those that this sender has finished. */
  get lessons(): ReadonlySignal<readonly Sending[]> {
    return this.#lessons;
  }

  /** Begins to send when no other page does. Steal takes the place of the one that does: the page
   *  that records knows best. */
  start({ steal = false }: { steal?: boolean } = {}): void {
    if (this.#over && (this.#holding || !steal)) return;
    this.#over?.abort();
    const over = new AbortController();
    this.#over = over;
    void this.#run(over, steal);
  }

  stop(): void {
    this.#over?.abort();
    this.#over = null;
    this.#holding = false;
    for (const errand of this.#errands.values()) errand.stop();
    this.#wake();
  }

  /** Tries now what would be tried later: the network is back, or somebody has signed in. */
  hurry(): void {
    for (const errand of this.#errands.values()) if (errand.state !== "refused") errand.due = 0;
    this.#wake();
  }

  async #run(over: AbortController, steal: boolean): Promise<void> {
    const vault = await this.outside.vault();
    if (!vault || over.signal.aborted) return;
    const { signal } = over;
    const lost = () => {
      if (this.#over !== over) return;
      this.stop();
      this.start(); // again, when the page that has taken over is gone
    };
    const release = await this.outside.hold(sending, { steal, signal, lost }).catch(() => null);
    if (!release) return;
    this.#holding = true;
    const undo = vault.on("changed", ({ recording }) => this.#changed(recording));
    const hurry = () => this.hurry();
    globalThis.addEventListener?.("online", hurry, { signal });
    while (!signal.aborted) {
      const next = await this.#next(vault).catch(() => null);
      if (signal.aborted) break;
      if (next) await next.run();
      else await this.#idle();
    }
    undo();
    release();
  }

  /** The lesson that is to be worked on now; null when none is. */
  async #next(vault: ErrandOutside["vault"]): Promise<Errand | null> {
    const known = await vault.lessons();
    const held = await this.outside.heldNow();
    for (const lesson of known) {
      const errand = this.#errand(vault, lesson);
      const alive = held.has(lockOf(lesson.recording));
      if (errand.alive && !alive) errand.due = 0; // its page is gone: what it left is tidied
      errand.alive = alive;
    }
    this.#tell();
    const now = this.outside.now();
    const due = [...this.#errands.values()].filter((errand) => !errand.gone && !errand.busy && errand.due <= now);
    return due.find((errand) => errand.alive) ?? due[0] ?? null;
  }

  #errand(vault: ErrandOutside["vault"], lesson: KeptLesson): Errand {
    const known = this.#errands.get(lesson.recording);
    if (known && !known.gone) return known;
    const outside = { ...this.outside, vault, live: () => this.live() };
    const errand = new Errand(lesson, outside, () => this.#tell());
    this.#errands.set(lesson.recording, errand);
    return errand;
  }

  /** A lesson has grown, or there is something new to tell of it. */
  #changed(recording: string): void {
    const errand = this.#errands.get(recording);
    if (errand) errand.grew = true;
    if (errand && errand.state !== "sending" && errand.state !== "sent") return; // its time comes
    if (errand) errand.due = 0;
    this.#wake();
  }

  #idle(): Promise<void> {
    const now = this.outside.now();
    const soonest = Math.min(...[...this.#errands.values()].filter((e) => !e.gone).map((e) => e.due - now));
    return Promise.race([
      this.outside.pass(Math.min(lookEveryMS, Math.max(0, soonest))),
      new Promise<void>((resolve) => { this.#wake = resolve; }),
    ]);
  }

  #tell(): void {
    this.#lessons.value = [...this.#errands.values()]
      .filter((errand) => !errand.gone || errand.state === "sent").map(sendingOf);
  }
}

function sendingOf(errand: Errand): Sending {
  const { state, sentence, bytesLeft, bytesPerSecond } = errand;
  return {
    ...unsentOf(errand.lesson, errand.alive), state, sentence, bytesLeft,
    lengthMs: errand.lengthMS, safeUntilMs: errand.safeUntilMS, finished: errand.lesson.finished,
    leftMs: bytesPerSecond > 0 ? Math.round((bytesLeft / bytesPerSecond) * 1000) : null,
  };
}

export function unsentOf(lesson: KeptLesson, recordingNow: boolean): UnsentLesson {
  const { recording, person, personName, title, startedAt, takes, without } = lesson;
  const kept = takes.filter((take) => !take.confirmed);
  return {
    recording, person, personName, title, startedAt, recordingNow, ...(without ? { without } : {}),
    lengthMs: Math.max(0, lesson.taughtMS, ...takes.map((take) => take.offsetMS + take.reachesMS)),
    bytes: kept.reduce((sum, take) => sum + take.bytes, 0),
    bytesLeft: kept.reduce((sum, take) =>
      sum + Math.max(0, take.bytes + (take.spared ?? 0) - (take.sent?.bytes ?? 0)), 0),
  };
}
