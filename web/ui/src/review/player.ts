// The <video> of the room, as signals to read and requests to make. The element stays the one
// that the server rendered; only its own controls are taken away. All times here are the
// recording's timeline's; the element's own, which leave gaps out, stay inside.

import { batch, computed, signal } from "@preact/signals";

import { attach, isFile, type Sources } from "./hls";
import { gapsOf, type Range, rangesOf, type Span, type Stretch, toMedia, toTimeline } from "./spans";

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** One frame at 30 frames a second: what `,` and `.` step where the frame rate is not known. */
const frameMS = 1000 / 30;

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
  /** Where on the timeline what can be played lies. */
  readonly spans = signal<readonly Span[]>([]);
  /** What of the gaps a laptop has recorded and not sent yet. */
  readonly expected = signal<readonly Stretch[]>([]);
  /** What of the timeline is not there. */
  readonly gaps = computed(() => gapsOf(this.spans.value));
  /** How far what can be played reaches, as the element counts it. */
  readonly reach = signal(0);

  /** The spans by which the element's time is to be read: none where its time is the timeline's. */
  #laid: readonly Span[] = [];
  /** The moment to go to as soon as the element knows what it plays. */
  #owed = 0;
  #frame = 0;
  #detach: () => void = () => {};
  #ended = new AbortController();

  constructor(
    readonly video: HTMLVideoElement,
    /** What fills the screen in full screen: the video with its controls. */
    readonly stage: HTMLElement,
    durationMS: number,
    spans: readonly Span[],
    expected: readonly Stretch[],
  ) {
    this.duration.value = durationMS;
    this.spans.value = spans;
    this.expected.value = expected;
    video.controls = false;
    this.#listen();
  }

  /** Loads the recording and shows the moment atMS. growing: it is not finished. */
  load(sources: Sources, atMS: number, growing: boolean): void {
    this.#detach();
    this.failure.value = "";
    this.#owed = atMS;
    this.now.value = atMS;
    this.#detach = attach(this.video, sources, growing, () => (this.failure.value = "source"));
    if (this.video.readyState !== HTMLMediaElement.HAVE_NOTHING) this.#settle();
  }

  /** Takes in where on the timeline what can be played lies, when more of it is known. */
  lay(spans: readonly Span[], expected: readonly Stretch[]): void {
    batch(() => {
      this.spans.value = spans;
      this.expected.value = expected;
      this.#readSource();
    });
  }

  /** The moment that is shown when the moment ms is asked for: in a gap, what comes after it. */
  shown(ms: number): number {
    return toTimeline(this.#laid, toMedia(this.#laid, ms));
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
    const to = this.shown(Math.min(Math.max(0, ms), Math.max(0, this.duration.value)));
    this.now.value = to; // at once: the decoder's answer takes its time
    this.#owed = to;
    if (this.video.readyState !== HTMLMediaElement.HAVE_NOTHING) this.#settle();
    else if (this.video.preload === "none") this.video.preload = "metadata";
  }

  /** Goes ms further, or back, in what was recorded: a gap is passed over. */
  skip(ms: number): void {
    const from = toMedia(this.#laid, this.now.value);
    this.seek(toTimeline(this.#laid, Math.max(0, from + ms)));
  }

  step(direction: -1 | 1): void {
    this.pause();
    this.skip(direction * frameMS);
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

  /** Goes to the moment that is owed. */
  #settle(): void {
    const to = this.#owed;
    this.#owed = 0;
    if (to > 0 || this.video.currentTime > 0) {
      this.video.currentTime = toMedia(this.#laid, to) / 1000;
    }
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
    on("durationchange", () => this.#readDuration());
    on("loadstart loadedmetadata", () => this.#readSource());
    // Another source begins where the one before it was.
    on("emptied", () => (this.#owed = this.now.value));
    on("loadedmetadata", () => this.#settle());
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
      this.#readSource();
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
    if (this.video.seeking || this.video.readyState === HTMLMediaElement.HAVE_NOTHING) return;
    this.now.value = toTimeline(this.#laid, this.video.currentTime * 1000);
  }

  /** Reads all times again, for what is loaded now. */
  #readSource(): void {
    this.#laid = isFile(this.video) ? [] : this.spans.value;
    this.#readDuration();
    this.#readBuffered();
    if (this.video.currentTime > 0) this.#read();
  }

  #readDuration(): void {
    const { duration, seekable } = this.video;
    // A recording that is still being made has no end yet: what can be reached counts.
    const reach = Number.isFinite(duration)
      ? duration
      : seekable.length > 0
        ? seekable.end(seekable.length - 1)
        : 0;
    if (reach <= 0) return;
    this.reach.value = reach * 1000;
    this.duration.value = toTimeline(this.#laid, reach * 1000);
  }

  #readBuffered(): void {
    const { buffered, duration } = this.video;
    const ranges: Range[] = [];
    for (let i = 0; i < buffered.length; i++) {
      ranges.push(...rangesOf(this.#laid, [buffered.start(i) * 1000, buffered.end(i) * 1000]));
    }
    this.buffered.value = ranges;
    if (!Number.isFinite(duration)) this.#readDuration();
  }
}
