// Where a player's time lies on the recording's timeline. A recording whose connection was cut has
// gaps; players of its playlist close them up and only count what was recorded. Marks, stills and
// the waveform are on the timeline. Pure: no DOM. All times are milliseconds.

/** A stretch that was recorded without a gap, in the server's words. */
export interface Span {
  readonly timeline_ms: number;
  readonly media_ms: number;
  readonly length_ms: number;
}

/** A part of the timeline, in the server's words. */
export interface Stretch {
  readonly timeline_ms: number;
  readonly length_ms: number;
}

export type Range = readonly [fromMS: number, toMS: number];

/** How far a moment may be off a span's edge and still be meant: browsers round times to 1 µs. */
const edge = 0.5;
/** What is missing between two spans for less than this is a seam that nobody notices. */
export const leastGap = 500;

/** The last span that begins at or before ms by the key given; the first when there is none. */
export function spanAt(
  spans: readonly Span[],
  key: "timeline_ms" | "media_ms",
  ms: number,
): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]![key] <= ms + edge) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/**
 * The moment of the timeline that a player shows at its time ms. Beyond the last span it goes on: a
 * recording that is being made may have grown since the spans were asked for.
 */
export function toTimeline(spans: readonly Span[], ms: number): number {
  const span = spans[spanAt(spans, "media_ms", ms)];
  return span ? span.timeline_ms + Math.max(0, ms - span.media_ms) : ms;
}

/** The time at which a player shows the moment ms; in a gap, the first that comes after it. */
export function toMedia(spans: readonly Span[], ms: number): number {
  const at = spanAt(spans, "timeline_ms", ms);
  const span = spans[at];
  if (!span) return ms;
  const into = Math.max(0, ms - span.timeline_ms);
  const next = spans[at + 1];
  return next && into > span.length_ms - edge ? next.media_ms : span.media_ms + into;
}

/** A stretch of a player's time on the timeline: in as many pieces as there are gaps in it. */
export function rangesOf(spans: readonly Span[], [from, to]: Range): Range[] {
  if (spans.length === 0) return [[from, to]];
  const found: Range[] = [];
  for (let i = 0; i < spans.length; i++) {
    const { timeline_ms, media_ms } = spans[i]!;
    const begin = Math.max(from, media_ms);
    const end = Math.min(to, spans[i + 1]?.media_ms ?? Infinity);
    if (end > begin) found.push([timeline_ms + begin - media_ms, timeline_ms + end - media_ms]);
  }
  return found;
}

/** What is not there: before the first span and between spans. */
export function gapsOf(spans: readonly Span[]): Range[] {
  const found: Range[] = [];
  let until = 0;
  for (const { timeline_ms, length_ms } of spans) {
    if (timeline_ms - until >= leastGap) found.push([until, timeline_ms]);
    until = timeline_ms + length_ms;
  }
  return found;
}

/** Whether the moment ms lies in one of the stretches. */
export function within(stretches: readonly Stretch[], ms: number): boolean {
  return stretches.some((s) => ms >= s.timeline_ms && ms < s.timeline_ms + s.length_ms);
}

/** The length of what is known, as a player counts it. */
export function mediaEnd(spans: readonly Span[]): number {
  const last = spans[spans.length - 1];
  return last ? last.media_ms + last.length_ms : 0;
}
