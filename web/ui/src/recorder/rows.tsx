// What else the teacher sees at a glance while teaching: the microphone and the battery.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { t } from "../lib/messages";
import { DeviceChoice } from "./before";
import { Hearing } from "./hearing";
import { watchBattery } from "./laptop";
import type { Power } from "./laptop";
import type { Recorder } from "./recorder";

const low = 0.2;

export function Rows({ recorder }: { recorder: Recorder }) {
  const power = useSignal<Power | null>(null);
  useEffect(() => watchBattery((found) => { power.value = found; }), [power]);
  const battery = power.value;
  const weak = battery !== null && !battery.charging && battery.level < low;
  return (
    <div class="recorder-rows">
      <div class="recorder-row"><span>{t("record.microphone")}</span><Hearing recorder={recorder} /></div>
      {battery && (
        <div class="recorder-row" role={weak ? "alert" : undefined}>
          <span>{t("record.battery")}</span>
          <span class={weak ? "warn" : ""}>
            {t(weak ? "record.battery_low" : battery.charging ? "record.charging" : "record.battery_left",
              { percent: Math.round(battery.level * 100) })}
          </span>
        </div>
      )}
      {recorder.trouble.value && (
        <p class="notice warn" role="alert">{t(`record.trouble.${recorder.trouble.value}`)} {t(`record.trouble.${recorder.trouble.value}.do`)}</p>
      )}
      <details class="recorder-devices">
        <summary>{t("record.change_devices")}</summary>
        <DeviceChoice recorder={recorder} />
      </details>
    </div>
  );
}
