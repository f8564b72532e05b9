// A lesson being recorded, without a screen: what phase it is in, what is connected, what is safe.
// The live route (WHIP) is the one source of takes; each connection is one take, and a connection
// that dies is followed by the next take of the same recording.

import { signal } from "@preact/signals";

import { Problem, request } from "../lib/api";
import { newID } from "../lib/uuid";
import { backoff } from "./backoff";
import { LessonClock } from "./clock";
import { DeviceError, list, open, remember, rememberedChoice } from "./devices";
import type { Choice, Devices, DeviceTrouble } from "./devices";
import { Meter } from "./meter";
import { find, forget, keep, resumeAt } from "./unfinished";
import type { Unfinished } from "./unfinished";
import { WhipError, WhipSession } from "./whip";

export type Phase =
  | "opening" // asking for camera and microphone
  | "trouble" // there is something wrong with them
  | "ready"
  | "starting"
  | "recording"
  | "paused"
  | "stopping"
  | "over";

/** How the media goes to the server. */
export type Link = "none" | "connecting" | "connected" | "lost";

export interface Details {
  programID: string;
  title: string;
  className: string;
  targetAreaIDs: string[];
  shareWith: string[];
}

interface Saved {
  until_ms: number;
  live: boolean;
  pending: number;
  problem?: string;
}

const lookEvery = 1000;
/** Encoder and pacer hold a frame or two; what they hold goes out within this after the camera stops. */
const lastFrames = 200;
/** A connection that is made but brings nothing within this is given up for another. */
const connectWithin = 15_000;

export class Recorder {
  readonly phase = signal<Phase>("opening");
  readonly link = signal<Link>("none");
  readonly trouble = signal<DeviceTrouble | null>(null);
  readonly stream = signal<MediaStream | null>(null);
  readonly meter = signal<Meter | null>(null);
  readonly devices = signal<Devices>({ cameras: [], microphones: [] });
  readonly choice = signal<Choice>(rememberedChoice());
  /** A sentence of the server's about what is wrong; "" when nothing is. */
  readonly refusal = signal("");
  readonly signedOut = signal(false);
  readonly elapsed = signal(0);
  readonly savedUntil = signal(0);
  readonly title = signal("");
  readonly left = signal<Unfinished | null>(find());

  #clock = new LessonClock();
  #recording = "";
  #session: WhipSession | null = null;
  #attempt = 0;
  #connecting = 0; // which try is the present one: an older one that comes late is ended
  #timers = new Set<ReturnType<typeof setTimeout>>();

  get recording(): string {
    return this.#recording;
  }

  /** Opens the devices that are chosen, at first or after a change. */
  async prepare(choice: Choice = this.choice.value): Promise<void> {
    const before = this.stream.value;
    const busy = this.phase.value === "recording" || this.phase.value === "paused";
    if (!busy) {
      this.phase.value = "opening";
      stopTracks(before);
    }
    try {
      const stream = await open(choice);
      this.#take(stream);
      if (busy) {
        for (const track of stream.getTracks()) await this.#session?.replaceTrack(track);
        stopTracks(before);
      } else {
        this.phase.value = "ready";
      }
      this.choice.value = choice;
      remember(choice);
    } catch (cause) {
      this.trouble.value = cause instanceof DeviceError ? cause.trouble : "unknown";
      if (!busy) this.phase.value = "trouble";
    }
    this.devices.value = await list();
  }

  /** Looks again at what is plugged in. */
  async refreshDevices(): Promise<void> {
    this.devices.value = await list();
    if (this.phase.value === "trouble") await this.prepare();
  }

  #take(stream: MediaStream): void {
    this.meter.value?.close();
    this.meter.value = new Meter(stream);
    this.stream.value = stream;
    this.trouble.value = null;
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => {
        if (this.stream.value === stream && this.phase.value !== "stopping") void this.prepare();
      });
    }
  }

  /** Begins a recording. When the server refuses, the page is ready again and refusal says why. */
  async start(details: Details): Promise<void> {
    if (this.phase.value !== "ready") return;
    this.phase.value = "starting";
    this.refusal.value = "";
    const id = this.#recording || newID(); // a start that failed is tried again as the same recording
    this.#recording = id;
    this.title.value = details.title;
    try {
      await request("POST", "/api/recordings", {
        body: {
          id,
          program_id: details.programID,
          title: details.title,
          class: details.className,
          target_area_ids: details.targetAreaIDs,
          share_with: details.shareWith,
        },
      });
    } catch (cause) {
      this.#refused(cause);
      this.phase.value = "ready";
      return;
    }
    this.#clock = new LessonClock();
    this.#run();
  }

  /** Goes on with a lesson that was left behind by a reload or a crash. */
  async continue(): Promise<void> {
    const left = this.left.value;
    if (!left || this.phase.value !== "ready") return;
    this.left.value = null;
    this.#recording = left.recording;
    this.title.value = left.title;
    this.#clock = new LessonClock(undefined, resumeAt(left, Date.now()));
    this.#run();
  }

  #run(): void {
    this.phase.value = "recording";
    this.#clock.start();
    this.#remember();
    this.#later(lookEvery, () => this.#tick());
    void this.#connect();
  }

  pause(): void {
    if (this.phase.value !== "recording") return;
    this.#clock.pause();
    this.phase.value = "paused";
    this.#remember();
    this.#hangUp();
  }

  resume(): void {
    if (this.phase.value !== "paused") return;
    this.#clock.start();
    this.phase.value = "recording";
    this.#remember();
    void this.#connect();
  }

  /** Ends the lesson and resolves to the address of its page; null when the server could not be
   *  told, which can be tried again. */
  async stop(): Promise<string | null> {
    if (this.phase.value !== "recording" && this.phase.value !== "paused") return null;
    const before = this.phase.value;
    this.phase.value = "stopping";
    this.refusal.value = "";
    this.#clock.pause();
    this.#remember();
    if (before === "recording") {
      stopTracks(this.stream.value);
      await new Promise((resolve) => setTimeout(resolve, lastFrames));
    }
    return this.#finish();
  }

  /** Ends a lesson that was left behind, without going on with it. */
  async stopLeft(): Promise<string | null> {
    const left = this.left.value;
    if (!left) return null;
    this.#recording = left.recording;
    this.phase.value = "stopping";
    return this.#finish();
  }

  async #finish(): Promise<string | null> {
    for (let attempt = 0; ; attempt++) {
      try {
        await request("POST", `/api/recordings/${this.#recording}/finish`);
        break;
      } catch (cause) {
        const problem = cause instanceof Problem ? cause : new Problem(0, "");
        if (problem.status === 404) break; // it was deleted meanwhile: there is nothing to finish
        this.#refused(problem);
        if (problem.status === 401) this.signedOut.value = true;
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt)));
      }
    }
    this.phase.value = "over";
    this.#session?.drop();
    this.close();
    forget();
    return `/recordings/${this.#recording}`;
  }

  /** Forgets a lesson that was left behind: the server finishes it by itself. */
  dismissLeft(): void {
    this.left.value = null;
    forget();
  }

  async #connect(): Promise<void> {
    const mine = ++this.#connecting;
    const stream = this.stream.value;
    if (!stream) return;
    this.link.value = "connecting";
    const take = newID();
    const endpoint = `/api/recordings/${this.#recording}/takes/${take}/whip?offset_ms=${this.#clock.elapsed}`;
    let session: WhipSession;
    try {
      session = await WhipSession.publish(endpoint, stream);
    } catch (cause) {
      if (mine !== this.#connecting) return;
      this.#refused(cause);
      this.#reconnect();
      return;
    }
    if (mine !== this.#connecting || this.phase.value !== "recording") {
      void session.close();
      return;
    }
    this.#session = session;
    this.#follow(session, mine);
  }

  #follow(session: WhipSession, mine: number): void {
    const { connection } = session;
    const slow = this.#later(connectWithin, () => {
      if (connection.connectionState !== "connected") this.#dropped(session, mine);
    });
    const look = () => {
      if (mine !== this.#connecting) return;
      switch (connection.connectionState) {
        case "connected":
          clearTimeout(slow);
          this.#attempt = 0;
          this.refusal.value = "";
          this.link.value = "connected";
          break;
        case "disconnected": // ICE often recovers by itself: only a failure ends the take
          this.link.value = "lost";
          break;
        case "failed":
        case "closed":
          this.#dropped(session, mine);
      }
    };
    connection.addEventListener("connectionstatechange", look);
    look();
  }

  #dropped(session: WhipSession, mine: number): void {
    if (mine !== this.#connecting) return;
    void session.close();
    this.#session = null;
    this.#reconnect();
  }

  #reconnect(): void {
    if (this.phase.value !== "recording") return;
    this.link.value = "lost";
    this.#later(backoff(this.#attempt++), () => {
      if (this.phase.value === "recording") void this.#connect();
    });
  }

  #hangUp(): void {
    this.#connecting++;
    const session = this.#session;
    this.#session = null;
    this.link.value = "none";
    void session?.close();
  }

  async #tick(): Promise<void> {
    if (this.phase.value !== "recording" && this.phase.value !== "paused") return;
    this.#remember();
    try {
      const saved = await request<Saved>("GET", `/api/recordings/${this.#recording}/saved`, {
        signal: AbortSignal.timeout(5 * lookEvery),
      });
      this.savedUntil.value = Math.max(this.savedUntil.value, saved.until_ms);
      this.signedOut.value = false;
      if (this.link.value === "connected") this.refusal.value = saved.problem ?? "";
    } catch (cause) {
      if (cause instanceof Problem && cause.status === 401) this.signedOut.value = true;
    }
    this.#later(lookEvery, () => this.#tick());
  }

  /** Reads the clock; called by the screen as often as it shows it. */
  readClock(): void {
    this.elapsed.value = this.#clock.elapsed;
  }

  #remember(): void {
    keep({
      recording: this.#recording,
      title: this.title.value,
      elapsed: this.#clock.elapsed,
      at: Date.now(),
      paused: !this.#clock.running,
    });
  }

  #refused(cause: unknown): void {
    if (cause instanceof WhipError || cause instanceof Problem) {
      if (cause.status === 401) this.signedOut.value = true;
      this.refusal.value = cause.detail;
    }
  }

  #later(ms: number, act: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  /** Lets go of devices and timers. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    stopTracks(this.stream.value);
    this.meter.value?.close();
  }
}

function stopTracks(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
