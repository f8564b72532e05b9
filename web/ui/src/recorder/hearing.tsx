// The microphone's meter, in bars and in words.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../lib/messages";
import type { Heard, Meter } from "./meter";

const bars = 14;

export function Hearing({ meter }: { meter: Meter | null }) {
  const scale = useRef<HTMLSpanElement>(null);
  const heard = useSignal<Heard | null>(null);
  useEffect(() => {
    if (!meter) return;
    const read = () => {
      const lit = Math.round(meter.read() * bars);
      const all = scale.current?.children ?? [];
      for (let n = 0; n < all.length; n++) all[n]!.classList.toggle("lit", n < lit);
      heard.value = meter.listening ? meter.heard : null;
    };
    const timer = setInterval(read, 80);
    return () => {
      clearInterval(timer);
      heard.value = null;
    };
  }, [meter, heard]);
  if (!meter) return null;
  return (
    <div class="hearing" data-heard={heard.value ?? ""}>
      <span class="meter" ref={scale} aria-hidden="true">
        {Array.from({ length: bars }, (_, n) => <i key={n} />)}
      </span>
      <span role="status">{t(heard.value ? `record.hears.${heard.value}` : "record.listening")}</span>
    </div>
  );
}
