// What else the teacher sees at a glance while teaching: the microphone, who the lesson is for and
// what it is about, the battery, and what was missed.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { span } from "../lib/clock";
import { t } from "../lib/messages";
import { DeviceChoice } from "./device-choice";
import { Hearing } from "./hearing";
import { watchBattery } from "./laptop";
import type { Power } from "./laptop";
import type { Recorder } from "./recorder";

const low = 0.2;

export function Rows({ recorder }: { recorder: Recorder }) {
  const lesson = recorder.lesson.value;
  const live = recorder.inputs.stream.value !== null;
  return (
    <div>
      <dl class="recorder-rows">
        {recorder.gaps.value.length > 0 && (
          <Row name={t("record.missing")}>
            <span class="warn time">{recorder.gaps.value.map((gap) => span(gap.from, gap.to)).join(", ")}</span>
          </Row>
        )}
        {live && <Row name={t("record.microphone")}><Hearing meter={recorder.inputs.meter.value} /></Row>}
        {lesson && lesson.people.length > 0 && <Row name={t("record.for_short")}>{lesson.people.join(", ")}</Row>}
        {lesson && lesson.targets.length > 0 && (
          <Row name={t("record.working_on")}>
            {lesson.targets.map((target) => (
              <span class="chip" data-hue={target.hue} key={target.name}><i />{target.name}</span>
            ))}
          </Row>
        )}
        <Battery />
      </dl>
      {live && (
        <details class="recorder-devices">
          <summary>{t("record.change_devices")}</summary>
          <DeviceChoice inputs={recorder.inputs} />
        </details>
      )}
    </div>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return <div class="recorder-row"><dt>{name}</dt><dd>{children}</dd></div>;
}

function Battery() {
  const power = useSignal<Power | null>(null);
  useEffect(() => watchBattery((found) => { power.value = found; }), [power]);
  const battery = power.value;
  if (!battery || (battery.charging && battery.level === 1)) return null;
  const weak = !battery.charging && battery.level < low;
  const words = weak ? "record.battery_low" : battery.charging ? "record.charging" : "record.battery_left";
  return (
    <Row name={t("record.battery")}>
      <span class={weak ? "warn" : ""} role={weak ? "alert" : undefined}>
        {t(words, { percent: Math.round(battery.level * 100) })}
      </span>
    </Row>
  );
}
