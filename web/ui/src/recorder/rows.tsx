// What else the teacher sees at a glance while teaching: the microphone, who the lesson is for and
// what it is about, the battery, and what was missed.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { span } from "../lib/clock";
import { t } from "../lib/messages";
import { DeviceChoice } from "./device-choice";
import { Hearing } from "./hearing";
import { enough } from "../local/disk";
import { watchBattery, watchDisk } from "./laptop";
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
        {recorder.without.value && (
          <Row name={t("record.not_taken")}>
            <span class="warn">{recorder.without.value} {t("record.not_taken_more")}</span>
          </Row>
        )}
        {lesson && lesson.people.length > 0 && <Row name={t("record.for_short")}>{lesson.people.join(", ")}</Row>}
        {lesson && lesson.targets.length > 0 && (
          <Row name={t("record.working_on")}>
            {lesson.targets.map((target) => (
              <span class="chip" data-hue={target.hue} key={target.name}><i />{target.name}</span>
            ))}
          </Row>
        )}
        <LiveOff recorder={recorder} />
        <Battery />
        <Disk recorder={recorder} />
      </dl>
      {live && (
        <details class="recorder-devices">
          <summary>{t("record.change_devices")}</summary>
          <DeviceChoice inputs={recorder.inputs} />
        </details>
      )}
      {live && recorder.local.value && <SecondPicture recorder={recorder} />}
    </div>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return <div class="recorder-row"><dt>{name}</dt><dd>{children}</dd></div>;
}

/** A network that lets no live picture through is no trouble: the recording is sent all the same. */
function LiveOff({ recorder }: { recorder: Recorder }) {
  const off = recorder.local.value?.state.value === "recording" && recorder.route.link.value === "lost"
    && recorder.reached.value && !recorder.declined.value;
  return off ? <Row name={t("record.live")}>{t("record.live_off")}</Row> : null;
}

/** The disk, when it will not last, or did not. */
function Disk({ recorder }: { recorder: Recorder }) {
  const minutes = useSignal<number | null>(null);
  useEffect(() => watchDisk((left) => { minutes.value = left; }), [minutes]);
  const words = recorder.local.value?.state.value === "full" ? "record.disk_full"
    : recorder.keeps.value === false || recorder.local.value?.state.value === "failed" ? "record.keeps_nothing"
    : recorder.local.value && minutes.value !== null && minutes.value < enough.during ? "record.disk_low" : "";
  if (!words) return null;
  return (
    <Row name={t("record.disk")}>
      <span class="warn" role="alert">{t(words, { count: minutes.value ?? 0 })}</span>
    </Row>
  );
}

/** The screen, or a document camera, beside the camera. */
function SecondPicture({ recorder }: { recorder: Recorder }) {
  const { screen } = recorder;
  const used = recorder.inputs.stream.value?.getVideoTracks()[0]?.getSettings().deviceId;
  const others = recorder.inputs.devices.value.cameras.filter((camera) => camera.deviceId !== used);
  const going = () => recorder.phase.value === "recording";
  if (screen.stream.value) {
    return (
      <div class="recorder-second">
        <p class="xs" role="status">{t("record.screen_on")}</p>
        <button class="button" type="button" onClick={() => void screen.remove()}>{t("record.screen_remove")}</button>
      </div>
    );
  }
  return (
    <details class="recorder-devices">
      <summary>{t("record.screen_more")}</summary>
      <div class="recorder-second">
        {"getDisplayMedia" in navigator.mediaDevices && (
          <button class="button" type="button" onClick={() => void screen.add(going)}>{t("record.screen_add")}</button>
        )}
        {others.map((camera, n) => (
          <button class="button" type="button" key={camera.deviceId}
            onClick={() => void screen.add(going, camera.deviceId)}>
            {t("record.camera_add", { name: camera.label || t("record.unnamed", { label: t("record.camera"), number: n + 2 }) })}
          </button>
        ))}
        <p class="xs muted">{t("record.screen_about")}</p>
        {screen.failed.value && <p class="notice warn" role="alert">{t("record.screen_failed")}</p>}
      </div>
    </details>
  );
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
