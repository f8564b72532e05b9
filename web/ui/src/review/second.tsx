// The screen of a lesson, where one was recorded beside the camera: a second picture in the corner
// of the first, at the same moment, or the first in the corner of it.

import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../lib/icon";
import { t } from "../lib/messages";
import { Follower } from "./follower";
import { attach } from "./hls";
import type { Room } from "./room";

export function SecondPicture({ room }: { room: Room }) {
  if (!room.screen.value || room.preferences.screenHidden.value) return null;
  return <Screen room={room} />;
}

function Screen({ room }: { room: Room }) {
  const video = useRef<HTMLVideoElement>(null);
  const shows = useSignal<"picture" | "coming" | "nothing" | "failed">("nothing");
  const large = room.preferences.screenLarge.value;
  const ready = room.state.value === "ready";
  const stored = (room.screen.value?.spans.length ?? 0) > 0;

  useEffect(() => {
    const follower = new Follower(video.current!, room.player, room.screen);
    const stop = effect(() => {
      if (shows.peek() !== "failed") shows.value = follower.shows.value;
    });
    return () => {
      stop();
      follower.close();
    };
  }, []);

  useEffect(() => {
    const element = video.current!;
    if (!stored) return;
    const playlist = room.path(`playlist.m3u8?source=screen${ready ? "" : "&follow=1"}`);
    const detach = attach(element, { playlist, file: "" }, !ready, () => (shows.value = "failed"));
    return () => {
      detach();
      element.removeAttribute("src");
      element.load(); // lets go of what is on its way
    };
  }, [stored, ready]);

  useEffect(() => {
    const pictures = room.player.video.parentElement!;
    pictures.classList.toggle("swapped", large);
    return () => pictures.classList.remove("swapped");
  }, [large]);

  return (
    <>
      <div class="second">
        <video
          ref={video}
          class={shows.value === "picture" ? undefined : "blank"}
          aria-label={t("room.screen")}
          muted
          playsInline
          preload="metadata"
        />
        {shows.value === "nothing" && <p>{t("room.screen_none")}</p>}
        {shows.value === "coming" && <p>{t("room.screen_coming")}</p>}
        {shows.value === "failed" && <p>{t("room.screen_failed")}</p>}
      </div>
      <button
        type="button"
        class={shows.value === "picture" ? "swap" : "swap over-word"}
        aria-label={t("room.swap")}
        title={`${t("room.swap")} (W)`}
        aria-keyshortcuts="w"
        aria-pressed={large}
        onClick={() => void room.swapPictures()}
      >
        <Icon name="arrow-right-left" />
      </button>
    </>
  );
}
