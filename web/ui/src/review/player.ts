// The <video> of the room, as signals to read and requests to make. The element stays the one
// that the server rendered; only its own controls are taken away.

import { batch, signal } from "@preact/signals";

import { attach } from "./hls";

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** One frame at 30 frames a second: what `,` and `.` step where the frame rate is not known. */
const frameMS = 1000 / 30;

export type Range = readonly [fromMS: number, toMS: number];

export class Player {
  /** The moment that is on the screen, in milliseconds. Changes with every frame while playing. */
  readonly now = signal(0);
  /** The length, in milliseconds: the element's once it knows, the server's until then. */
  readonly duration = signal(0);
  readonly playing = signal(false);
  readonly waiting = signal(false);
  readonly muted = signal(false);
  readonly volume = signal(1);
  readonly speed = signal(1);
  readonly buffered = signal<readonly Range[]>([]);
  readonly fullscreen = signal(false);
  readonly failure = signal<"" | "source" | "refused">("");

  #frame = 0;
  #detach: () => void = () => {};
  #ended = new AbortController();

  constructor(
    readonly video: HTMLVideoElement,
    /** What fills the screen in full screen: the video with its controls. */
    readonly stage: HTMLElement,
    durationMS: number,
  ) {
    this.duration.value = durationMS;
    video.controls = false;
    this.#listen();
  }

  /** Loads the playlist and shows the moment atMS. growing: the recording is not finished. */
  load(url: string, atMS: number, growing: boolean): void {
    this.#detach();
    this.failure.value = "";
    this.#detach = attach(this.video, url, growing, () => (this.failure.value = "source"));
    if (atMS > 0) this.seek(atMS);
  }

  /** Lets go of the element and everything that was heard from it. */
  close(): void {
    this.#ended.abort();
    cancelAnimationFrame(this.#frame);
    this.#detach();
  }

  async play(): Promise<void> {
    try {
      await this.video.play();
    } catch (cause) {
      // A pause that came before playback began is no failure.
      if (cause instanceof DOMException && cause.name === "NotAllowedError") {
        this.failure.value = "refused";
      }
    }
  }

  pause(): void {
    this.video.pause();
  }

  toggle(): void {
    if (this.video.paused) void this.play();
    else this.pause();
  }

  /** Goes to the moment ms, or as near as the recording reaches. */
  seek(ms: number): void {
    const to = Math.min(Math.max(0, ms), Math.max(0, this.duration.value));
    this.now.value = to; // at once: the decoder's answer takes its time
    if (this.video.readyState === HTMLMediaElement.HAVE_NOTHING) {
      this.video.addEventListener("loadedmetadata", () => this.#set(to), {
        once: true,
        signal: this.#ended.signal,
      });
      if (this.video.preload === "none") this.video.preload = "metadata";
      return;
    }
    this.#set(to);
  }

  skip(ms: number): void {
    this.seek(this.now.value + ms);
  }

  step(direction: -1 | 1): void {
    this.pause();
    this.seek(this.now.value + direction * frameMS);
  }

  faster(direction: -1 | 1): void {
    const present = speeds.findIndex((speed) => speed >= this.video.playbackRate);
    const next = speeds[Math.min(speeds.length - 1, Math.max(0, present + direction))]!;
    this.video.playbackRate = next;
  }

  setSpeed(speed: number): void {
    this.video.playbackRate = speed;
  }

  mute(): void {
    this.video.muted = !this.video.muted;
  }

  async toggleFullscreen(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (this.stage.requestFullscreen) await this.stage.requestFullscreen();
    else (this.video as { webkitEnterFullscreen?(): void }).webkitEnterFullscreen?.();
  }

  #set(ms: number): void {
    this.video.currentTime = ms / 1000;
  }

  #listen(): void {
    const { video } = this;
    const on = (names: string, act: () => void, target: EventTarget = video) => {
      for (const name of names.split(" ")) {
        target.addEventListener(name, act, { signal: this.#ended.signal });
      }
    };
    on("play", () => {
      this.playing.value = true;
      this.#follow();
    });
    on("pause ended", () => (this.playing.value = false));
    on("waiting", () => (this.waiting.value = true));
    on("playing canplay seeked error", () => (this.waiting.value = false));
    on("timeupdate seeked", () => this.#read());
    on("progress timeupdate loadedmetadata", () => this.#readBuffered());
    on("durationchange loadedmetadata", () => this.#readDuration());
    on("volumechange", () => {
      this.muted.value = video.muted;
      this.volume.value = video.volume;
    });
    on("ratechange", () => (this.speed.value = video.playbackRate));
    on("loadeddata playing", () => (this.failure.value = ""));
    on("fullscreenchange", () => (this.fullscreen.value = !!document.fullscreenElement), document);

    batch(() => {
      this.playing.value = !video.paused;
      this.muted.value = video.muted;
      this.speed.value = video.playbackRate;
      this.#readDuration();
      this.#readBuffered();
      if (video.currentTime > 0) this.#read();
    });
    if (!video.paused) this.#follow();
  }

  /** Reads the time at every frame of the screen while the video plays. */
  #follow(): void {
    cancelAnimationFrame(this.#frame);
    const next = () => {
      this.#read();
      if (!this.video.paused) this.#frame = requestAnimationFrame(next);
    };
    this.#frame = requestAnimationFrame(next);
  }

  #read(): void {
    if (!this.video.seeking) this.now.value = this.video.currentTime * 1000;
  }

  #readDuration(): void {
    const { duration, seekable } = this.video;
    // A recording that is still being made has no end yet: what can be reached counts.
    const reach = Number.isFinite(duration)
      ? duration
      : seekable.length > 0
        ? seekable.end(seekable.length - 1)
        : 0;
    if (reach > 0) this.duration.value = Math.max(reach * 1000, 0);
  }

  #readBuffered(): void {
    const { buffered, duration } = this.video;
    const ranges: Range[] = [];
    for (let i = 0; i < buffered.length; i++) {
      ranges.push([buffered.start(i) * 1000, buffered.end(i) * 1000]);
    }
    this.buffered.value = ranges;
    if (!Number.isFinite(duration)) this.#readDuration();
  }
}
