// A lesson being recorded, without a screen: what phase it is in and what is safe. The clock and
// the recording are its own; devices are Inputs', connections LiveRoute's.

import { batch, signal } from "@preact/signals";

import { Problem, request } from "../lib/api";
import { newID } from "../lib/uuid";
import { backoff } from "./backoff";
import { LessonClock } from "./clock";
import { Inputs } from "./inputs";
import { LiveRoute } from "./route";
import type { Lesson, Take } from "./route";
import { claim, free, taken } from "./tab";
import type { Gap, Refusal, Target } from "./types";
import { resumeAt, Shelf } from "./unfinished";
import type { Unfinished } from "./unfinished";
import { WhipError, WhipSession } from "./whip";

export type Phase =
  | "before"
  | "elsewhere" // another tab is recording
  | "starting"
  | "recording"
  | "paused"
  | "stopping"
  | "over"
  | "ended"; // not by this page: stopped on another device, or left alone for too long

export interface Details {
  programID: string;
  title: string;
  className: string;
  targets: Target[];
  people: { id: string; name: string }[];
}

interface Saved {
  until_ms: number;
  live: boolean;
  pending: number;
  problem?: string;
}

/** What a recorder needs beyond itself; tests give others. */
export interface Outside {
  inputs: Inputs;
  shelf: Shelf;
  request: typeof request;
  publish(endpoint: () => string, stream: MediaStream): Promise<Take>;
  /** The lock that only one tab has. */
  tab: { claim: typeof claim; free: typeof free; taken: typeof taken };
  now(): number;
}

export function outside(person: string): Outside {
  return {
    inputs: new Inputs(), shelf: new Shelf(person), request, tab: { claim, free, taken },
    publish: (endpoint, stream) => WhipSession.publish(endpoint, stream),
    now: () => performance.now(),
  };
}

const lookEvery = 1000;
/** How long the server has for an answer. */
const answerWithin = 15_000;
/** Encoder and pacer hold a frame or two; what they hold goes out within this after the camera stops. */
const lastFrames = 200;
/** A shorter interruption is not worth telling of: nothing that was said is lost in it. */
const noticeable = 1500;

export class Recorder implements Lesson {
  readonly phase = signal<Phase>("before");
  /** What is in the way; null when nothing is. */
  readonly refusal = signal<Refusal | null>(null);
  readonly signedOut = signal(false);
  readonly elapsed = signal(0);
  readonly savedUntil = signal(0);
  /** Whether all that the server received is stored. */
  readonly settled = signal(true);
  /** Where what is being sent just now begins. */
  readonly sentFrom = signal(0);
  readonly gaps = signal<readonly Gap[]>([]);
  /** The lesson under way, or the one that was left behind. */
  readonly lesson = signal<Unfinished | null>(null);
  readonly left = signal(false);
  readonly inputs: Inputs;
  readonly route: LiveRoute;

  #clock: LessonClock;
  #begun = false; // something of it was sent: from then on the clock counts
  #interrupted: number | null = null; // the end of a gap whose beginning is not known yet
  #recording = "";
  #release: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly outside: Outside) {
    this.inputs = outside.inputs;
    this.route = new LiveRoute(this);
    this.inputs.replaced = (track) => this.route.replace(track);
    this.#clock = new LessonClock(outside.now);
  }

  /** Opens the devices and looks for a lesson that was left behind. */
  async open(): Promise<void> {
    while (await this.outside.tab.taken()) {
      this.phase.value = "elsewhere";
      await this.outside.tab.free();
    }
    if (this.phase.value === "elsewhere") this.phase.value = "before";
    void this.inputs.open();
    const found = this.outside.shelf.find();
    if (found) await this.#lookAfter(found);
  }

  /** A lesson that has been saved meanwhile is nothing to go on with. */
  async #lookAfter(found: Unfinished): Promise<void> {
    if (await this.#isOver(found.recording)) return this.outside.shelf.forget();
    if (this.phase.value !== "before") return;
    batch(() => {
      this.lesson.value = found;
      this.left.value = true;
    });
    const saved = await this.#ask(found.recording).catch(() => null);
    if (saved) this.savedUntil.value = saved.until_ms;
  }

  /** Begins a recording. When that is refused, the page is as before and refusal says why. */
  async start(details: Details): Promise<void> {
    if (this.phase.value !== "before" || this.inputs.state.value !== "ready") return;
    this.phase.value = "starting";
    this.refusal.value = null;
    this.#recording ||= newID(); // a start whose answer was lost is the same recording again
    if (!(await this.#claim())) return;
    try {
      await this.outside.request("POST", "/api/recordings", {
        body: {
          id: this.#recording,
          program_id: details.programID,
          title: details.title,
          class: details.className,
          target_area_ids: details.targets.map((target) => target.id),
          share_with: details.people.map((person) => person.id),
        },
        signal: AbortSignal.timeout(answerWithin),
      });
    } catch (cause) {
      const status = this.#fails(cause);
      if (status >= 400 && status < 500) this.#recording = ""; // nothing was made
      this.#letGo();
      this.phase.value = "before";
      return;
    }
    this.lesson.value = {
      recording: this.#recording, title: details.title, elapsed: 0, at: 0, paused: false,
      people: details.people.map((person) => person.name),
      targets: details.targets.map(({ name, hue }) => ({ name, hue })),
    };
    this.#run(false);
  }

  /** Goes on with a lesson that was left behind by a reload or a crash. */
  async continue(): Promise<void> {
    const found = this.lesson.value;
    if (!found || !this.left.value || this.phase.value !== "before") return;
    this.phase.value = "starting";
    if (!(await this.#claim())) return;
    this.#recording = found.recording;
    this.#clock = new LessonClock(this.outside.now, resumeAt(found, Date.now()));
    this.#clock.start();
    this.#begun = true;
    this.left.value = false;
    this.#run(!found.paused);
  }

  #run(interrupted: boolean): void {
    this.phase.value = "recording";
    this.#remember();
    this.#timer = setTimeout(() => void this.#tick(), lookEvery);
    this.route.open(interrupted);
  }

  pause(): void {
    if (this.phase.value !== "recording") return;
    this.#clock.pause();
    this.phase.value = "paused";
    this.settled.value = false;
    this.#remember();
    void this.route.close();
  }

  resume(): void {
    if (this.phase.value !== "paused") return;
    if (this.#begun) this.#clock.start();
    this.phase.value = "recording";
    this.#remember();
    this.route.open();
  }

  /** Ends the lesson and resolves to the address of its page, however long the server takes. */
  async stop(): Promise<string | null> {
    const before = this.phase.value;
    if (before !== "recording" && before !== "paused") return null;
    this.phase.value = "stopping";
    this.refusal.value = null;
    this.#clock.pause();
    this.readClock();
    this.#remember();
    this.inputs.close();
    if (before === "recording") await pass(lastFrames);
    return this.#finish();
  }

  /** Ends a lesson that was left behind, without going on with it. */
  async stopLeft(): Promise<string | null> {
    const found = this.lesson.value;
    if (!found || !this.left.value || this.phase.value !== "before") return null;
    this.#recording = found.recording;
    this.phase.value = "stopping";
    return this.#finish();
  }

  /** Leaves a lesson as it is for another one. The server is told that it is over; if it does not
   *  hear, it finishes the lesson by itself. */
  dismissLeft(): void {
    const found = this.lesson.value;
    if (!found || !this.left.value) return;
    this.outside.request("POST", `/api/recordings/${found.recording}/finish`).catch(() => undefined);
    this.outside.shelf.forget();
    batch(() => {
      this.left.value = false;
      this.lesson.value = null;
      this.savedUntil.value = 0;
      this.refusal.value = null;
    });
  }

  async #finish(): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.outside.request("POST", `/api/recordings/${this.#recording}/finish`, {
          signal: AbortSignal.timeout(answerWithin),
        });
        break;
      } catch (cause) {
        if (this.#fails(cause) === 404) break; // it was deleted meanwhile: nothing is to be finished
        await pass(backoff(attempt));
      }
    }
    this.phase.value = "over";
    this.outside.shelf.forget();
    this.close();
    return `/recordings/${this.#recording}`;
  }

  // What LiveRoute asks and tells.

  stream(): MediaStream | null {
    return this.inputs.stream.value;
  }

  publish(stream: MediaStream): Promise<Take> {
    const take = `/api/recordings/${this.#recording}/takes/${newID()}/whip`;
    return this.outside.publish(() => `${take}?offset_ms=${this.#clock.elapsed}`, stream);
  }

  async refused(cause: unknown): Promise<boolean> {
    const status = this.#fails(cause);
    if (status !== 404 && status !== 409) return false;
    if (!(await this.#isOver(this.#recording)) || this.phase.value !== "recording") return false;
    this.phase.value = "ended";
    this.#clock.pause();
    this.outside.shelf.forget();
    this.close();
    return true;
  }

  connected(again: boolean): void {
    if (this.phase.value !== "recording") return;
    this.refusal.value = null;
    if (again && this.#begun) this.#interrupted = this.#clock.elapsed;
    this.#begun = true;
    this.sentFrom.value = this.#clock.elapsed;
    this.#clock.start(); // the timeline begins with the first picture that is sent
    this.#remember();
  }

  async #tick(): Promise<void> {
    const going = () => this.phase.value === "recording" || this.phase.value === "paused";
    if (!going()) return;
    this.#remember();
    try {
      const saved = await this.#ask(this.#recording);
      if (!going()) return;
      this.signedOut.value = false;
      this.#see(saved);
    } catch (cause) {
      if (cause instanceof Problem && cause.status === 401) this.signedOut.value = true;
    }
    if (going()) this.#timer = setTimeout(() => void this.#tick(), lookEvery);
  }

  #see(saved: Saved): void {
    this.savedUntil.value = Math.max(this.savedUntil.value, saved.until_ms);
    this.settled.value = !saved.live && saved.pending === 0;
    if (this.#interrupted !== null) {
      const gap = { from: saved.until_ms, to: this.#interrupted };
      if (gap.to - gap.from > noticeable) this.gaps.value = [...this.gaps.value, gap];
      this.#interrupted = null;
    }
    if (this.route.link.value === "connected") {
      this.refusal.value = saved.problem ? { why: "said", sentence: saved.problem } : null;
    }
    if (!saved.live) this.route.forgotten();
  }

  #ask(recording: string): Promise<Saved> {
    return this.outside.request<Saved>("GET", `/api/recordings/${recording}/saved`, {
      signal: AbortSignal.timeout(5 * lookEvery),
    });
  }

  /** Whether a recording cannot be added to any more. Not knowing counts as no. */
  async #isOver(recording: string): Promise<boolean> {
    try {
      const found = await this.outside.request<{ state: string }>("GET", `/api/recordings/${recording}`, {
        signal: AbortSignal.timeout(answerWithin),
      });
      return found.state !== "recording";
    } catch (cause) {
      return cause instanceof Problem && cause.status === 404;
    }
  }

  async #claim(): Promise<boolean> {
    this.#release ??= await this.outside.tab.claim();
    if (this.#release) return true;
    this.refusal.value = { why: "elsewhere" };
    this.phase.value = "before";
    return false;
  }

  #letGo(): void {
    this.#release?.();
    this.#release = null;
  }

  /** Reads the clock; called by the screen as often as it shows it. */
  readClock(): void {
    this.elapsed.value = this.#clock.elapsed;
  }

  #remember(): void {
    const lesson = this.lesson.value;
    if (!lesson) return;
    this.outside.shelf.keep({
      ...lesson, elapsed: this.#clock.elapsed, at: Date.now(), paused: !this.#clock.running,
    });
  }

  /** Notes what went wrong, and answers its status; 0 when the server was not reached. */
  #fails(cause: unknown): number {
    const known = cause instanceof WhipError || cause instanceof Problem ? cause : null;
    if (known?.status === 401) this.signedOut.value = true;
    this.refusal.value = known?.detail
      ? { why: "said", sentence: known.detail }
      : { why: "unreachable" };
    return known?.status ?? 0;
  }

  /** The page goes, perhaps to come back: the server need not wait for what does not come. */
  leave(): void {
    if (this.phase.value !== "recording") return;
    this.#remember();
    void this.route.close();
  }

  /** Lets go of devices, connection, timer and lock. */
  close(): void {
    clearTimeout(this.#timer);
    this.route.drop();
    this.inputs.close();
    this.#letGo();
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
