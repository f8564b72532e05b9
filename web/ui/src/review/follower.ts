// Keeps a second picture at the moment that the main one shows. Each source leaves other gaps out
// of its player's time, so the two meet on the recording's timeline. No DOM but the element.

import { effect, type ReadonlySignal, signal } from "@preact/signals";

import { leastGap, type Span, spanAt, type Stretch, within } from "./spans";

/** What is followed: the player of the main picture, in the timeline's milliseconds. */
export interface Leader {
  readonly now: ReadonlySignal<number>;
  readonly playing: ReadonlySignal<boolean>;
  readonly waiting: ReadonlySignal<boolean>;
  readonly speed: ReadonlySignal<number>;
}

/** What of the followed timeline the second source has. */
export interface Followed {
  readonly spans: readonly Span[];
  readonly expected: readonly Stretch[];
}

/** Where a moment of the timeline is in a source. */
export interface Place {
  /** The time of the source's player; where nothing is, the nearest to hold ready. */
  readonly mediaMS: number;
  /** Whether the source shows something at that moment. */
  readonly there: boolean;
  /** Whether its player runs with the timeline there. */
  readonly runs: boolean;
}

/** Further off than this, a playing picture is sent there; nearer, it hurries or lingers. */
const seekMS = 500;
/** Nearer than this, nobody sees that two pictures are apart. */
const closeMS = 40;
/** A picture that stands is sent where it should be, but for what browsers round. */
const stillMS = 5;
/** The most that a seek is taken to last. */
const mostLeadMS = 2_000;
/** Before the end, so that the element does not count as ended, which would start it over. */
const lastFrameMS = 20;

/** Where the moment ms is in a source of which a player knows what lies before reachMS. */
export function placeOf(spans: readonly Span[], ms: number, reachMS: number): Place {
  const at = spanAt(spans, "timeline_ms", ms);
  const span = spans[at];
  if (!span) return { mediaMS: 0, there: false, runs: false };
  const next = spans[at + 1];
  // What is being recorded may have grown since the spans were asked for.
  const length = next ? span.length_ms : Math.max(span.length_ms, reachMS - span.media_ms);
  const into = ms - span.timeline_ms;
  if (into < 0) return { mediaMS: span.media_ms, there: -into < leastGap, runs: false };
  if (into < length) return { mediaMS: span.media_ms + into, there: true, runs: true };
  if (next) {
    const gap = next.timeline_ms - span.timeline_ms - length;
    return { mediaMS: next.media_ms, there: gap < leastGap, runs: false };
  }
  const last = span.media_ms + Math.max(0, length - lastFrameMS);
  return { mediaMS: last, there: into < length + leastGap, runs: false };
}

/** What brings a picture that is offMS behind (below 0: ahead) of one that plays at speed to its
 *  place: a seek, or a speed of its own. */
export function stepOf(offMS: number, running: boolean, speed: number): "seek" | number {
  const off = Math.abs(offMS);
  if (off > (running ? seekMS : stillMS)) return "seek";
  if (!running || off <= closeMS) return speed;
  // Makes up for it within about a second; in steps, for browsers that start anew at each change.
  return Math.max(speed / 2, speed + Math.round(offMS / 50) / 20);
}

type Events = Pick<EventTarget, "addEventListener">;
/** What is asked of the second <video>. */
export type Picture = Events &
  Pick<HTMLVideoElement, "duration" | "seekable" | "paused" | "ended" | "seeking" | "readyState"> &
  Pick<HTMLVideoElement, "currentTime" | "playbackRate" | "play" | "pause">;

export class Follower {
  /** picture: of the present moment; coming: a laptop has it; nothing: there is none. */
  readonly shows = signal<"picture" | "coming" | "nothing">("nothing");

  /** How long the last seek took: so much further is where playback will be after it. */
  #lead = 0;
  #sought = { atMS: 0, toMS: -1, running: false };
  #refused = false;
  #ended = new AbortController();

  constructor(
    readonly picture: Picture,
    readonly leader: Leader,
    readonly source: ReadonlySignal<Followed | null>,
  ) {
    const { signal: until } = this.#ended;
    picture.addEventListener("seeked", () => this.#arrived(), { signal: until });
    for (const name of ["loadedmetadata", "durationchange", "canplay", "seeked", "pause"]) {
      picture.addEventListener(name, () => this.#keep(), { signal: until });
    }
    until.addEventListener("abort", effect(() => this.#keep()));
  }

  close(): void {
    this.#ended.abort();
    this.picture.pause();
  }

  #keep(): void {
    const { picture, leader } = this;
    const { spans, expected } = this.source.value ?? { spans: [], expected: [] };
    const now = leader.now.value;
    const going = leader.playing.value && !leader.waiting.value;
    const speed = leader.speed.value;
    const place = placeOf(spans, now, reachOf(picture));
    this.shows.value = place.there ? "picture" : within(expected, now) ? "coming" : "nothing";
    if (picture.readyState < 1 || picture.seeking) return; // heard of again when it knows more

    const running = going && place.runs;
    const step = stepOf(place.mediaMS - picture.currentTime * 1000, running, speed);
    if (step === "seek") this.#seek(place.mediaMS, running, speed);
    else if (picture.playbackRate !== step) picture.playbackRate = step;
    if (!running) {
      this.#refused = false;
      if (!picture.paused) picture.pause();
    } else if (picture.paused && !picture.ended && !this.#refused) {
      // Without leave to play it goes from place to place.
      picture.play().catch((cause: unknown) => {
        this.#refused = cause instanceof DOMException && cause.name === "NotAllowedError";
      });
    }
  }

  #seek(toMS: number, running: boolean, speed: number): void {
    // A picture that could not come nearer is left where it is.
    if (!running && !this.#sought.running && this.#sought.toMS === toMS) return;
    this.#sought = { atMS: performance.now(), toMS, running };
    this.picture.currentTime = (toMS + (running ? this.#lead * speed : 0)) / 1000;
  }

  #arrived(): void {
    if (!this.#sought.running) return;
    this.#lead = Math.min(mostLeadMS, performance.now() - this.#sought.atMS);
  }
}

/** How far a player can play, by its own time. */
function reachOf({ duration, seekable }: Picture): number {
  if (Number.isFinite(duration)) return duration * 1000;
  return seekable.length > 0 ? seekable.end(seekable.length - 1) * 1000 : 0;
}
