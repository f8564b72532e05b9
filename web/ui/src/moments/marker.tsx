// The phone's screen: one button, what it did, and a way back for ten seconds.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { stamp } from "../lib/clock";
import { t } from "../lib/messages";
import { type Phone, undoMS } from "./phone";

export function Marker({ phone }: { phone: Phone }) {
  if (phone.state.value === "broken") return <p class="notice warn">{t("moments.no_token")}</p>;
  if (phone.state.value === "over") {
    return (
      <div class="marker-over" role="status">
        <h2>{t("moments.over")}</h2>
        <p class="muted">{t("moments.over_more")}</p>
      </div>
    );
  }
  const press = () => {
    navigator.vibrate?.(40);
    phone.mark();
  };
  return (
    <div class="marker">
      <LessonClock phone={phone} />
      <button type="button" class="marker-button" onClick={press}>{t("moments.mark")}</button>
      <Said phone={phone} />
      <p class="muted sm">{t(phone.away.value ? "moments.away" : "moments.mark_hint")}</p>
    </div>
  );
}

function LessonClock({ phone }: { phone: Phone }) {
  const shown = useSignal("");
  useEffect(() => {
    const show = () => {
      const ms = phone.elapsed();
      shown.value = ms === null ? "" : stamp(ms);
    };
    show();
    const timer = setInterval(show, 250);
    return () => clearInterval(timer);
  }, [phone.clock.value]);
  const paused = phone.clock.value?.running === false;
  return (
    <p class="marker-clock">
      <span class="muted sm">{t(paused ? "moments.paused" : "moments.lesson")}</span>
      <span class="time" role="timer" aria-live="off">{shown}</span>
    </p>
  );
}

function Said({ phone }: { phone: Phone }) {
  const tap = phone.last;
  const fresh = useSignal(false);
  useEffect(() => {
    if (!tap) return;
    fresh.value = true;
    const timer = setTimeout(() => (fresh.value = false), undoMS);
    return () => clearTimeout(timer);
  }, [tap?.id]);
  let text = "";
  if (tap?.state === "marked") text = t("moments.marked", { time: stamp(tap.lessonMS ?? 0) });
  else if (tap?.state === "undone") text = t("moments.undone");
  else if (tap?.state === "refused") text = t("moments.refused");
  else if (tap) text = t("moments.waiting");
  const may = tap && fresh.value && (tap.state === "marked" || tap.state === "waiting");
  return (
    <p class="marker-said">
      <span role="status">{text}</span>
      {may && <button type="button" class="button" onClick={() => void phone.undo()}>{t("moments.undo")}</button>}
    </p>
  );
}
