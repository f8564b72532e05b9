// The bar under the video.

import { useComputed } from "@preact/signals";

import { stamp } from "../lib/clock";
import { Icon, type IconName } from "../lib/icon";
import { t } from "../lib/messages";
import { speeds } from "./player";
import type { Room } from "./room";
import type { TimelineState } from "./timeline";

export function Controls({ room, timeline }: { room: Room; timeline: TimelineState }) {
  const { player } = room;
  const playing = player.playing.value;
  return (
    <div class="bar" role="group" aria-label={t("room.controls")}>
      <button
        type="button"
        class="button icon-only"
        aria-label={t(playing ? "room.pause" : "room.play")}
        aria-keyshortcuts="k"
        onClick={() => player.toggle()}
      >
        <Icon name={playing ? "pause" : "play"} />
      </button>
      <Clock room={room} />
      <label class="bar-speed">
        <span class="visually-hidden">{t("room.speed")}</span>
        <select
          value={player.speed.value}
          onChange={(event) => player.setSpeed(Number(event.currentTarget.value))}
        >
          {speeds.map((speed) => (
            <option value={speed} key={speed}>
              {speed}×
            </option>
          ))}
        </select>
      </label>
      {player.waiting.value && <span class="muted sm">{t("room.loading")}</span>}
      <span class="bar-space" />
      <Tool icon="zoom-out" label="room.zoom_out" keys="-" act={() => timeline.zoom(1.6)} wide />
      <Tool icon="zoom-in" label="room.zoom_in" keys="+" act={() => timeline.zoom(1 / 1.6)} wide />
      <Tool
        icon={player.muted.value ? "volume-x" : "volume-2"}
        label={player.muted.value ? "room.unmute" : "room.mute"}
        keys="m"
        act={() => player.mute()}
      />
      {room.screen.value && (
        <Tool
          icon={room.preferences.screenHidden.value ? "monitor" : "monitor-off"}
          label={room.preferences.screenHidden.value ? "room.show_screen" : "room.hide_screen"}
          keys="h"
          act={() => void room.toggleScreen()}
        />
      )}
      <Tool icon="keyboard" label="room.keys" keys="?" act={() => room.open("keys")} wide />
      <Tool
        icon={player.fullscreen.value ? "minimize" : "maximize"}
        label={player.fullscreen.value ? "room.leave_fullscreen" : "room.fullscreen"}
        keys="f"
        act={() => void player.toggleFullscreen()}
      />
    </div>
  );
}

function Tool(props: {
  icon: IconName;
  label: string;
  keys: string;
  act: () => void;
  wide?: boolean;
}) {
  return (
    <button
      type="button"
      class={props.wide ? "button quiet icon-only wide-only" : "button quiet icon-only"}
      aria-label={t(props.label)}
      title={`${t(props.label)} (${props.keys.toUpperCase()})`}
      aria-keyshortcuts={props.keys}
      onClick={props.act}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** The time and the length. Not a live region: a screen reader would never stop. */
function Clock({ room }: { room: Room }) {
  const now = useComputed(() => stamp(room.player.now.value));
  const length = useComputed(() => stamp(room.player.duration.value));
  return (
    <span class="bar-clock time">
      {now} <span class="muted">/ {length}</span>
      {room.state.value === "recording" && <b class="live-now">{t("room.recording_now")}</b>}
    </span>
  );
}
