// The list of marks. It follows the video until the reader scrolls away.

import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../lib/messages";
import { Mark } from "./mark";
import { Summaries } from "./status";
import type { Room } from "./room";

/** How many marks are made before the first picture, and how many at each idle moment after. */
const atOnce = 80;

export function List({ room }: { room: Room }) {
  const root = useRef<HTMLDivElement>(null);
  const following = useSignal(true);
  const made = useSignal(atOnce);
  const marks = room.visible.value;

  // A long list is made piece by piece: the room is usable from the first.
  useEffect(() => {
    if (made.value >= marks.length) return;
    const more = () => (made.value = Math.min(marks.length, made.value + atOnce));
    if (!window.requestIdleCallback) {
      const timer = setTimeout(more, 16);
      return () => clearTimeout(timer);
    }
    const idle = requestIdleCallback(more, { timeout: 200 });
    return () => cancelIdleCallback(idle);
  }, [made.value, marks.length]);

  useEffect(() => {
    const show = (id: string, always: boolean) => {
      const item = document.getElementById(`mark-${id}`);
      const list = root.current!;
      if (!item || !list.contains(item)) return;
      if (!always && list.contains(document.activeElement)) return;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      // On a phone it is the page that scrolls, under the video that stays.
      const paged = getComputedStyle(list).overflowY === "visible";
      const box = item.getBoundingClientRect();
      const frame = paged
        ? { top: room.player.video.getBoundingClientRect().bottom, bottom: innerHeight - 90 }
        : list.getBoundingClientRect();
      if (box.top >= frame.top && box.bottom <= frame.bottom) return;
      const by = box.top - frame.top - (frame.bottom - frame.top) / 3;
      (paged ? window : list).scrollBy({ top: by, behavior: calm ? "instant" : "smooth" });
    };
    let lit: Element | null = null;
    const stopLit = effect(() => {
      const id = room.lit.value;
      void made.value;
      void room.visible.value;
      lit?.classList.remove("lit");
      lit?.removeAttribute("aria-current");
      lit = id ? document.getElementById(`mark-${id}`) : null;
      lit?.classList.add("lit");
      lit?.setAttribute("aria-current", "true");
      if (lit && following.peek()) show(id, false);
    });
    const stopShow = room.on("show", (id) => {
      following.value = true;
      made.value = Math.max(made.value, room.visible.value.length);
      requestAnimationFrame(() => show(id, true));
    });
    return () => {
      stopLit();
      stopShow();
    };
  }, []);

  const away = () => (following.value = false);
  return (
    <div class="list-frame">
      <div
        class="list"
        ref={root}
        onWheel={away}
        onTouchMove={away}
        role="region"
        aria-label={t("room.list")}
        tabIndex={0}
      >
        <Summaries room={room} />
        {marks.length > 0 ? (
          <ol class="marks">
            {marks.slice(0, made.value).map((mark) => (
              <Mark key={mark.id} room={room} mark={mark} />
            ))}
          </ol>
        ) : (
          <Empty room={room} />
        )}
      </div>
      {!following.value && marks.length > 0 && (
        <button
          type="button"
          class="button small list-follow"
          onClick={() => {
            following.value = true;
            if (room.lit.value) room.show(room.lit.value);
          }}
        >
          {t("room.follow")}
        </button>
      )}
    </div>
  );
}

function Empty({ room }: { room: Room }) {
  if (room.shown.value.length > 0) {
    return (
      <div class="empty">
        <p>{t("room.none_matches")}</p>
        <button type="button" class="button small" onClick={() => room.clearFilter()}>
          {t("room.clear_filter")}
        </button>
      </div>
    );
  }
  return (
    <div class="empty">
      <p>{t("room.empty")}</p>
      <p class="muted sm">{t(room.may.value.annotate ? "room.empty_annotate" : "room.empty_wait")}</p>
    </div>
  );
}
