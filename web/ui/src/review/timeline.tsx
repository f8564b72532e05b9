// The timeline: waveform, marks, playhead, what is buffered, what was not recorded, and the still of
// the moment under the pointer. For the keyboard and for screen readers it is one slider; its marks are the list's
// other form, so they are reached there and by `[` and `]`.

import { effect, signal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { spoken, stamp } from "../lib/clock";
import { locale, t } from "../lib/messages";
import { Hover, type Pointed } from "./hover";
import type { Player } from "./player";
import type { Room } from "./room";
import { KindPath } from "./shapes";
import { type Cluster, clampView, clusters, follow, narrowestMS, ticks, toMS, toX, zoom } from "./timeline-maths";
import type { View } from "./timeline-maths";
import type { Shown } from "./marks";
import { within } from "./spans";
import { Pinch } from "./pinch";
import { drawWaveform } from "./waveform";

const clusterGap = 22; // px: the width of what stands for several, and a little air
const laneY = 82;

/** What of the timeline other parts of the room change and read. */
export class TimelineState {
  readonly view = signal<View>({ from: 0, to: 0 });
  readonly width = signal(0);

  constructor(readonly player: Player) {}

  /** Makes the view factor times as long, around the playhead when it is in view. */
  zoom(factor: number, at?: number): void {
    const { from, to } = this.view.value;
    const now = this.player.now.value;
    const around = at ?? (now >= from && now <= to ? now : (from + to) / 2);
    this.view.value = zoom(this.view.value, this.player.duration.value, factor, around);
  }

  pan(ms: number): void {
    const { from, to } = this.view.value;
    this.view.value = clampView({ from: from + ms, to: to + ms }, this.player.duration.value);
  }

  /** Shows the whole of the recording where it was shown, also when it has grown longer. */
  grow(before: number, duration: number): void {
    // Peeks: who calls this is told of lengths, not of views.
    const { from, to } = this.view.peek();
    if (from === 0 && to >= before) this.view.value = { from: 0, to: Math.max(1, duration) };
    else this.view.value = clampView(this.view.peek(), duration);
  }
}

export function Timeline({ room, state }: { room: Room; state: TimelineState }) {
  const { player } = room;
  const root = useRef<HTMLDivElement>(null);
  const rest = useRef<HTMLCanvasElement>(null);
  const played = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const pointed = useSignal<Pointed | null>(null);

  useEffect(() => {
    const element = root.current!;
    const resized = new ResizeObserver(([entry]) => (state.width.value = entry!.contentRect.width));
    resized.observe(element);
    let length = 0;
    const stops = [
      effect(() => {
        const duration = player.duration.value;
        state.grow(length, duration);
        length = duration;
      }),
      effect(() => {
        // The playhead leads the view while the video plays; a paused one may be scrolled away.
        const now = player.now.value;
        if (!player.playing.value) return;
        const next = follow(state.view.peek(), player.duration.peek(), now);
        if (next !== state.view.peek()) state.view.value = next;
      }),
      effect(() => {
        const x = toX(state.view.value, state.width.value, player.now.value);
        head.current!.style.transform = `translateX(${x.toFixed(1)}px)`;
        played.current!.style.clipPath = `inset(0 calc(100% - ${x.toFixed(1)}px) 0 0)`;
      }),
      effect(() => {
        const { value: width } = state.width;
        const { value: view } = state.view;
        const { value: waveform } = room.waveform;
        void room.theme.value;
        drawWaveform(rest.current!, waveform, view, width, "--wave-rest");
        drawWaveform(played.current!, waveform, view, width, "--wave-played");
      }),
    ];
    return () => {
      resized.disconnect();
      stops.forEach((stop) => stop());
    };
  }, []);

  const momentOf = (event: PointerEvent | WheelEvent) => {
    const box = root.current!.getBoundingClientRect();
    return toMS(state.view.value, box.width, event.clientX - box.left);
  };

  const pinch = useRef<Pinch>(null);
  pinch.current ??= new Pinch();
  const scrubbing = useRef(false);

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    if (pinch.current!.down(event)) {
      scrubbing.current = false;
      return;
    }
    root.current!.setPointerCapture(event.pointerId);
    scrubbing.current = true;
    player.seek(momentOf(event));
  };
  const move = (event: PointerEvent) => {
    const change = pinch.current!.move(event);
    if (change) {
      const box = root.current!.getBoundingClientRect();
      state.zoom(1 / change.scale, toMS(state.view.value, box.width, change.x - box.left));
      return;
    }
    const ms = Math.min(Math.max(0, momentOf(event)), player.duration.value);
    if (scrubbing.current) player.seek(ms);
    pointed.value = { ms, x: toX(state.view.value, state.width.value, ms), marks: [] };
  };
  const up = (event: PointerEvent) => {
    pinch.current!.up(event);
    scrubbing.current = false;
    if (event.pointerType !== "mouse") pointed.value = null;
  };

  useEffect(() => {
    const element = root.current!;
    // Not passive, so not through JSX: the page must not scroll or zoom along.
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { from, to } = state.view.value;
      const perPixel = (to - from) / Math.max(1, state.width.value);
      const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (Math.abs(across) > Math.abs(event.deltaY) || event.shiftKey) state.pan(across * perPixel);
      else state.zoom(Math.exp(event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), momentOf(event));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  return (
    <div
      class="timeline"
      ref={root}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onPointerLeave={() => (pointed.value = null)}
    >
      <canvas class="timeline-wave" ref={rest} aria-hidden="true" />
      <canvas class="timeline-wave" ref={played} aria-hidden="true" />
      <Lane room={room} state={state} pointed={(next) => (pointed.value = next)} />
      <div class="timeline-head" ref={head} />
      <Slider room={room} />
      <Gaps room={room} />
      <Overview state={state} />
      <Hover room={room} pointed={pointed} width={state.width} />
    </div>
  );
}

/** The marks, what is buffered and the times below them. */
function Lane(props: { room: Room; state: TimelineState; pointed: (at: Pointed) => void }) {
  const { room, state } = props;
  const { player } = room;
  const gathered = useComputed(() =>
    clusters(room.visible.value, state.view.value, state.width.value, clusterGap),
  );
  const { value: view } = state.view;
  const { value: width } = state.width;
  if (width === 0) return null;
  const range = room.composing.value;
  const x = (ms: number) => toX(view, width, ms);

  const open = (cluster: Cluster<Shown>) => {
    const first = cluster.marks[0]!;
    const last = cluster.marks[cluster.marks.length - 1]!;
    const apart = last.start_ms - first.start_ms;
    if (cluster.marks.length > 1 && apart > 0 && view.to - view.from > narrowestMS) {
      state.view.value = clampView(
        { from: first.start_ms - apart, to: last.start_ms + apart },
        player.duration.value,
      );
    }
    room.go(first);
  };

  return (
    <svg class="timeline-lane" width={width} height="112" aria-hidden="true">
      <pattern id="not-recorded" width="6" height="6" patternUnits="userSpaceOnUse">
        <path class="timeline-hatch" d="M-1 1 1 -1M0 6 6 0M5 7 7 5" />
      </pattern>
      {player.gaps.value.map(([from, to]) => (
        <rect
          class="timeline-gap"
          fill="url(#not-recorded)"
          x={x(from)}
          y="0"
          width={Math.max(2, x(to) - x(from))}
          height="92"
        />
      ))}
      <rect class="timeline-rule" x="0" y="62" width={width} height="1" />
      {player.buffered.value.map(([from, to]) => (
        <rect
          class="timeline-buffered"
          x={x(from)}
          y="61"
          width={Math.max(0, x(to) - x(from))}
          height="2"
        />
      ))}
      {range && (
        <rect
          class="timeline-range"
          x={x(range.start_ms) - 1}
          y="1"
          width={Math.max(2, x(range.end_ms) - x(range.start_ms))}
          height="110"
        />
      )}
      {ticks(view, width, 96).map((ms) => (
        <text class="timeline-tick" key={ms} x={x(ms) + 4} y="107">
          {stamp(ms)}
        </text>
      ))}
      {gathered.value.map((cluster) => {
        const { marks } = cluster;
        const first = marks[0]!;
        const lit = marks.some((mark) => mark.id === room.lit.value);
        return (
          <g
            key={first.id}
            class={lit ? "timeline-mark lit" : "timeline-mark"}
            onPointerDown={(event) => {
              event.stopPropagation();
              open(cluster);
            }}
            onPointerMove={(event) => {
              event.stopPropagation();
              props.pointed({ ms: first.start_ms, x: cluster.x, marks });
            }}
          >
            <rect
              class="timeline-hit"
              x={cluster.x - 12}
              y={laneY - 14}
              width={Math.max(24, cluster.endX - cluster.x + 18)}
              height="28"
              rx="6"
            />
            {marks.length > 1 ? (
              <>
                <circle class="timeline-cluster" cx={cluster.x} cy={laneY} r="9" />
                <text class="timeline-count" x={cluster.x} y={laneY + 4}>
                  {marks.length > 99 ? "99" : marks.length}
                </text>
              </>
            ) : (
              <>
                {cluster.endX > cluster.x + 6 && (
                  <rect
                    class={`timeline-bar kind-${first.kind}`}
                    x={cluster.x}
                    y={laneY - 4}
                    width={cluster.endX - cluster.x}
                    height="8"
                    rx="4"
                  />
                )}
                <KindPath kind={first.kind} x={cluster.x} y={laneY} />
              </>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** The slider that the timeline is for the keyboard. Its value moves in whole seconds. */
function Slider({ room }: { room: Room }) {
  const { player } = room;
  const second = useComputed(() => Math.floor(player.now.value / 1000));
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by: Record<string, number> = {
      ArrowLeft: -5_000,
      ArrowDown: -5_000,
      ArrowRight: 5_000,
      ArrowUp: 5_000,
      PageUp: 60_000,
      PageDown: -60_000,
    };
    const step = by[event.key];
    if (step === undefined) return;
    event.preventDefault();
    player.skip(step);
  };
  const ms = second.value * 1000;
  return (
    <div
      class="timeline-slider"
      role="slider"
      tabIndex={0}
      aria-label={t("room.timeline")}
      aria-describedby={player.gaps.value.length > 0 ? "not-recorded-list" : undefined}
      aria-valuemin={0}
      aria-valuemax={Math.round(player.duration.value / 1000)}
      aria-valuenow={second.value}
      aria-valuetext={t("room.time_of", {
        time: spoken(ms, locale()),
        length: spoken(player.duration.value, locale()),
      })}
      onKeyDown={key}
    />
  );
}

/** What is not there, for who cannot see the hatching. */
function Gaps({ room }: { room: Room }) {
  const gaps = room.player.gaps.value;
  if (gaps.length === 0) return null;
  const expected = room.player.expected.value;
  const isExpected = (from: number, to: number) => within(expected, (from + to) / 2);
  return (
    <p class="visually-hidden" id="not-recorded-list">
      {gaps
        .map(([from, to]) =>
          t(isExpected(from, to) ? "room.not_sent_yet_span" : "room.not_recorded_span", { from: spoken(from, locale()), to: spoken(to, locale()) }),
        )
        .join(" ")}
    </p>
  );
}

/** Where in the whole the view lies; there only while it is not the whole. */
function Overview({ state }: { state: TimelineState }) {
  const { from, to } = state.view.value;
  const duration = state.player.duration.value;
  if (duration <= 0 || to - from >= duration - 1) return null;
  return (
    <div class="timeline-overview" aria-hidden="true">
      <i
        style={{
          left: `${(from / duration) * 100}%`,
          width: `${Math.max(1, ((to - from) / duration) * 100)}%`,
        }}
      />
    </div>
  );
}
