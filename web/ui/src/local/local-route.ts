// The local route: records a lesson on the laptop itself, whatever the network does. Each run of a
// MediaRecorder is one take; what it hands out goes to the vault at once, in its order. A recorder
// cannot change its tracks or the size of its picture, so that each such change begins a take.

import { signal } from "@preact/signals";

import { newID } from "../lib/uuid";
import { mediaType } from "./media-type";
import type { EndReason, Source } from "./types";
import type { Keeper } from "./vault";

/** What is spent on picture and sound, in bits a second: good at 720 lines. */
export const pictureBits = 2_500_000;
export const soundBits = 96_000;

/** A fragment is handed out when the next one's key frame comes. One and a half seconds, and half a
 *  second for the browser to hand it out, keep what a killed browser loses under two seconds. */
const keyFrameEveryMS = 1500;
const handOutEveryMS = { fragments: 500, other: 1500 };
/** Chromium hands the first fragment's header out alone and sits on the fragment: it is asked. */
const askAfterMS = 100;
/** Media time 0 is the first frame after start() is called, half a frame later on the average; the
 *  start event comes 30–60 ms after it. In Chromium's MP4 sound and picture count from zero each, and
 *  the sound's lies this long before the call (9–14 ms; Chromium 156, measured with numbered frames
 *  and beeps): the picture is too early by both together. */
const firstSoundMS = 12;
const usualFrameRate = 30;
const slowestFrameRate = 5; // a camera in the dark
/** At a pause and at the end the recorder runs on for as long: what it is given just before is still
 *  in its encoder, which a recorder that is stopped does not wait for (55–100 ms of it, measured). */
const lingerMS = 200;
/** A recorder that has not begun by then does not: a camera that brings no picture. */
const beginWithinMS = 5000;
/** How soon a run that broke is followed by the next, and a disk that was full is tried again. */
const againAfterMS = 2000;
const roomAfterMS = 30_000;

/** What a route is doing. */
export type LocalState =
  | "off"
  | "starting"
  | "recording"
  | "full" // the disk is: what was kept is kept, and it is tried again
  | "failed"; // this browser does not record, or does not keep

/** The lesson that is recorded. */
export interface LocalLesson {
  readonly recording: string;
  /** Where the lesson's clock is, or was, at a monotonic moment. */
  clockAt(moment: number): number;
  /** Recording has begun, at that moment: a clock that stands starts there. */
  begins(moment: number): void;
}

/** What a MediaRecorder is to this route. */
export type Recording = Pick<
  MediaRecorder, "state" | "mimeType" | "start" | "stop" | "requestData" | "addEventListener"
>;

/** What the route asks of the browser; tests give others. */
export interface LocalOutside {
  vault: Keeper;
  able(type: string): boolean;
  record(stream: MediaStream, options: MediaRecorderOptions): Recording;
  streamOf(tracks: MediaStreamTrack[]): MediaStream;
  now(): number;
  /** Whether picture and sound count from zero each in MP4, wherever they began: Chromium. */
  apart: boolean;
}

export function localOutside(vault: Keeper): LocalOutside {
  return {
    vault,
    able: (type) => typeof MediaRecorder !== "undefined" && MediaRecorder.isTypeSupported(type),
    record: (stream, options) => new MediaRecorder(stream, options),
    streamOf: (tracks) => new MediaStream(tracks),
    now: () => performance.now(),
    apart: "userAgentData" in navigator, // nothing else has it
  };
}

export class LocalRoute {
  readonly state = signal<LocalState>("off");
  /** How far on the lesson's clock it is safe on this laptop. */
  readonly keptUntil = signal(0);

  #run: Run | null = null;
  #stream: MediaStream | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ending: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly lesson: LocalLesson,
    private readonly outside: LocalOutside,
    private readonly source: Source = "camera",
  ) {}

  /** Records a stream's live tracks from now on. What was recorded before ends for the reason
   *  given, when the new take has begun: nothing is missing between them. */
  open(stream: MediaStream, reason: EndReason = "device"): void {
    clearTimeout(this.#timer);
    this.#stream = stream;
    const before = this.#run;
    const run = this.#begin(stream, () => this.#end(before, reason));
    if (!run) this.#end(before, reason);
    this.#run = run;
  }

  /** Ends what is being recorded, in a moment. Resolves when the last of it is kept. */
  async close(reason: EndReason): Promise<void> {
    clearTimeout(this.#timer);
    this.#stream = null;
    this.#end(this.#run, reason, lingerMS);
    this.#run = null;
    this.state.value = "off";
    await this.#ending;
  }

  /** The picture may have another size now, as when a phone is turned. */
  look(): void {
    if (this.#stream && this.#run?.turned()) this.open(this.#stream, "resized");
  }

  /** The page goes, perhaps: what has been recorded so far is handed out. */
  handOut(): void {
    this.#run?.handOut();
  }

  #end(run: Run | null, reason: EndReason, afterMS = 0): void {
    if (run) this.#ending = Promise.all([this.#ending, run.end(reason, afterMS)]);
  }

  #begin(stream: MediaStream, begun: () => void): Run | null {
    const tracks = stream.getTracks().filter((track) => track.readyState === "live");
    const type = mediaType(tracks.map((track) => track.kind), this.outside.able);
    if (tracks.length === 0 || !type) {
      this.state.value = tracks.length === 0 ? "starting" : "failed";
      return null;
    }
    if (this.state.value === "off") this.state.value = "starting"; // one that broke is broken until it runs
    const run: Run = new Run(this.lesson, this.outside, this.source, tracks, type, {
      begun: () => {
        begun();
        if (run === this.#run && this.state.value === "starting") this.state.value = "recording";
      },
      kept: (untilMS) => {
        if (run === this.#run) this.state.value = "recording"; // again, if the one before broke
        this.keptUntil.value = Math.max(this.keptUntil.value, untilMS);
        this.look();
      },
      broken: (why) => {
        begun();
        if (run === this.#run) this.#broken(why);
      },
    });
    return run;
  }

  /** A run that ended by itself is followed by another. */
  #broken(why: "full" | "failed"): void {
    this.#end(this.#run, "crash");
    this.#run = null;
    this.state.value = why;
    this.#timer = setTimeout(() => this.#stream && this.open(this.#stream),
      why === "full" ? roomAfterMS : againAfterMS);
  }
}

/** What a run tells. */
interface Told {
  /** It has begun, and any run before it may end. */
  begun(): void;
  /** What it recorded until then, on the lesson's clock, is kept. */
  kept(untilMS: number): void;
  /** It ended by itself. */
  broken(why: "full" | "failed"): void;
}

/** One run of a MediaRecorder: one take. */
class Run {
  readonly #id = newID();
  #recorder: Recording | null = null;
  /** When its media time 0 was, and by how much its picture is ahead of its sound. */
  #zeroAt: number;
  readonly #zeroMS: number; // after start() is called
  readonly #pictureLeadMS: number;
  #offset = 0;
  #blobs = 0;
  #begun = false;
  #ended: EndReason | null = null;
  #broken = false;
  #size: string;
  #queue: Promise<unknown> = Promise.resolve(); // what is on its way to the vault
  #stopped: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout>;

  constructor(
    private readonly lesson: LocalLesson,
    private readonly outside: LocalOutside,
    private readonly source: Source,
    private readonly tracks: MediaStreamTrack[],
    type: string,
    private readonly told: Told,
  ) {
    this.#size = sizeOf(tracks);
    const ahead = outside.apart && /mp4/.test(type) && ["audio", "video"].every((kind) => trackOf(tracks, kind));
    this.#zeroMS = ahead ? -firstSoundMS : firstFrameMS(tracks);
    this.#pictureLeadMS = ahead ? firstSoundMS + firstFrameMS(tracks) : 0;
    this.#zeroAt = outside.now() + this.#zeroMS;
    this.#timer = setTimeout(() => !this.#begun && this.#break("failed"), beginWithinMS);
    try {
      this.#start(type);
    } catch {
      queueMicrotask(() => this.#break("failed")); // once whoever made it knows it
    }
  }

  #start(type: string): void {
    const { lesson, outside, tracks } = this;
    const recorder = outside.record(outside.streamOf(tracks), {
      mimeType: type, videoBitsPerSecond: pictureBits, audioBitsPerSecond: soundBits,
      videoKeyFrameIntervalDuration: keyFrameEveryMS,
    } as MediaRecorderOptions);
    this.#recorder = recorder;
    recorder.addEventListener("start", () => {
      if (this.#ended) return;
      lesson.begins(this.#zeroAt);
      this.#offset = lesson.clockAt(this.#zeroAt);
      this.#begun = true;
      const startedAt = new Date().toISOString();
      this.#keep(() => outside.vault.note(lesson.recording, {
        id: this.#id, source: this.source, offsetMS: this.#offset, startedAt,
        mediaType: recorder.mimeType || type, pictureLeadMS: this.#pictureLeadMS,
      }));
      this.told.begun();
    });
    recorder.addEventListener("dataavailable", ({ data }) => this.#take(data));
    this.#stopped = new Promise((resolve) => recorder.addEventListener("stop", () => {
      resolve();
      if (!this.#ended) this.#break("failed"); // its tracks ended, or it could not go on
    }));
    recorder.start(/mp4/.test(type) ? handOutEveryMS.fragments : handOutEveryMS.other);
    this.#zeroAt = outside.now() + this.#zeroMS;
  }

  #take(data: Blob): void {
    if (data.size === 0 || !this.#begun) return;
    const timeMS = this.outside.now() - this.#zeroAt;
    const number = ++this.#blobs;
    if (number === 1) setTimeout(() => this.handOut(), askAfterMS);
    this.#keep(async () => {
      await this.#write(number, timeMS, data);
      this.told.kept(this.#offset + timeMS);
    });
  }

  /** Writes a blob; where the disk is full, what the server has anyway makes room. */
  async #write(number: number, timeMS: number, data: Blob): Promise<void> {
    const { vault } = this.outside;
    for (;;) {
      try {
        await vault.append(this.lesson.recording, this.#id, number, timeMS, await data.arrayBuffer());
        return;
      } catch (cause) {
        if (!isFull(cause) || (await vault.spare()) === 0) throw cause;
      }
    }
  }

  /** Does one thing after the other. After the first that fails nothing more is kept: what follows
   *  a hole in a take cannot be read. */
  #keep(work: () => Promise<unknown>): void {
    const done = this.#queue.then(work);
    this.#queue = done;
    done.catch((cause: unknown) => this.#break(isFull(cause) ? "full" : "failed"));
  }

  handOut(): void {
    if (this.#recorder?.state === "recording") this.#recorder.requestData();
  }

  /** Whether the picture has another size than the one that is recorded. */
  turned(): boolean {
    return this.#begun && !this.#ended && sizeOf(this.tracks) !== this.#size;
  }

  #break(why: "full" | "failed"): void {
    if (this.#ended) return;
    this.#broken = true; // how long it is then is what is kept of it
    this.told.broken(why);
  }

  /** Ends the take after a while; resolves when all of it is kept, and that it is all. */
  async end(reason: EndReason, afterMS: number): Promise<void> {
    if (this.#ended) return;
    this.#ended = reason;
    clearTimeout(this.#timer);
    if (afterMS > 0 && this.#begun) await new Promise((resolve) => setTimeout(resolve, afterMS));
    const lengthMS = Math.max(0, Math.round(this.outside.now() - this.#zeroAt));
    if (this.#recorder && this.#recorder.state !== "inactive") {
      this.#recorder.stop();
      await this.#stopped;
    }
    if (!this.#begun) return;
    await this.#queue.catch(() => undefined);
    await this.outside.vault.close(this.lesson.recording, this.#id, reason, this.#broken ? undefined : lengthMS)
      .catch(() => undefined); // the next page to look finds where it ends
  }
}

function trackOf(tracks: readonly MediaStreamTrack[], kind: string): MediaStreamTrack | undefined {
  return tracks.find((track) => track.kind === kind);
}

/** How long after a moment the next frame comes, on the average. */
function firstFrameMS(tracks: readonly MediaStreamTrack[]): number {
  const { frameRate } = trackOf(tracks, "video")?.getSettings() ?? {};
  return Math.round(500 / Math.max(slowestFrameRate, frameRate || usualFrameRate));
}

/** The size of a picture as its camera gives it now. */
function sizeOf(tracks: readonly MediaStreamTrack[]): string {
  const { width, height } = trackOf(tracks, "video")?.getSettings() ?? {};
  return `${width}×${height}`;
}

function isFull(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "QuotaExceededError";
}
