// The microphone's meter, in bars and in words.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../lib/messages";
import type { Recorder } from "./recorder";

const bars = 14;

export function Hearing({ recorder }: { recorder: Recorder }) {
  const scale = useRef<HTMLSpanElement>(null);
  const words = useSignal("record.listening");
  const meter = recorder.meter.value;
  useEffect(() => {
    if (!meter) return;
    const read = () => {
      const level = meter.read();
      const lit = Math.round(level * bars);
      const all = scale.current?.children ?? [];
      for (let n = 0; n < all.length; n++) all[n]!.classList.toggle("lit", n < lit);
      if (meter.listening) words.value = meter.hears ? "record.hears" : "record.hears_nothing";
    };
    const timer = setInterval(read, 80);
    return () => clearInterval(timer);
  }, [meter, words]);
  const deaf = words.value === "record.hears_nothing";
  return (
    <div class="hearing" data-deaf={deaf ? "" : undefined}>
      <span class="meter" ref={scale} aria-hidden="true">
        {Array.from({ length: bars }, (_, n) => <i key={n} />)}
      </span>
      <span role="status">{t(words.value)}</span>
    </div>
  );
}
