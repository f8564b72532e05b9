// Before the lesson: is everything heard and seen, what is it called, who gets it.

import { useSignal } from "@preact/signals";

import { t, locale } from "../lib/messages";
import { Hearing } from "./hearing";
import type { Details, Recorder } from "./recorder";
import type { Boot, Person, Target } from "./types";

const maxTitle = 200;
const maxClass = 100;

function usualTitle(): string {
  const when = new Intl.DateTimeFormat(locale(), {
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
  }).format(new Date());
  return t("record.usual_title", { when });
}

export function Before({ recorder, boot }: { recorder: Recorder; boot: Boot }) {
  const title = useSignal(usualTitle());
  const className = useSignal("");
  const targets = useSignal(new Set(boot.target_areas.map((target) => target.id)));
  const people = useSignal(new Set(boot.people.filter((p) => p.paired).map((p) => p.id)));
  const phase = recorder.phase.value;
  const start = (event: Event) => {
    event.preventDefault();
    const details: Details = {
      programID: boot.program_id, title: title.value.trim(), className: className.value.trim(),
      targetAreaIDs: [...targets.value], shareWith: [...people.value],
    };
    void recorder.start(details);
  };
  return (
    <form class="recorder-side form" onSubmit={start}>
      <div class="field">
        <label for="lesson-title">{t("record.lesson_title")}</label>
        <input class="input" id="lesson-title" required maxLength={maxTitle} value={title.value}
          onInput={(event) => { title.value = event.currentTarget.value; }} />
      </div>
      <div class="field">
        <label for="lesson-class">{t("record.class")}</label>
        <input class="input" id="lesson-class" maxLength={maxClass} value={className.value}
          placeholder={t("record.class_hint")}
          onInput={(event) => { className.value = event.currentTarget.value; }} />
      </div>
      <Targets all={boot.target_areas} chosen={targets.value} onChange={(s) => { targets.value = s; }} />
      <People all={boot.people} chosen={people.value} onChange={(s) => { people.value = s; }} />
      <DeviceChoice recorder={recorder} />
      <Hearing recorder={recorder} />
      {recorder.refusal.value && <p class="notice bad" role="alert">{recorder.refusal.value}</p>}
      <button class="button large primary recorder-start" type="submit" disabled={phase !== "ready"}>
        {phase === "starting" ? t("record.starting") : t("record.start")}
      </button>
    </form>
  );
}

interface ChoiceProps<T> {
  all: T[];
  chosen: Set<string>;
  onChange: (chosen: Set<string>) => void;
}

function toggled(set: Set<string>, id: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

function Targets({ all, chosen, onChange }: ChoiceProps<Target>) {
  if (all.length === 0) return null;
  return (
    <fieldset class="field choices">
      <legend>{t("record.working_on")}</legend>
      {all.map((target) => (
        <label class="choice" key={target.id}>
          <input type="checkbox" checked={chosen.has(target.id)} onChange={() => onChange(toggled(chosen, target.id))} />
          <span><span class="chip" data-hue={target.hue}><i />{target.name}</span>
            <span class="muted xs block">{target.goal}</span></span>
        </label>
      ))}
    </fieldset>
  );
}

function People({ all, chosen, onChange }: ChoiceProps<Person>) {
  return (
    <fieldset class="field choices">
      <legend>{t("record.for")}</legend>
      {all.length === 0 && <p class="muted sm">{t("record.nobody")}</p>}
      {all.map((person) => (
        <label class="choice" key={person.id}>
          <input type="checkbox" checked={chosen.has(person.id)} onChange={() => onChange(toggled(chosen, person.id))} />
          <span>{person.name}<span class="muted xs block">{t(`record.role.${person.role}`)}</span></span>
        </label>
      ))}
      <p class="hint">{chosen.size === 0 ? t("record.only_you") : t("record.shared")}</p>
    </fieldset>
  );
}

export function DeviceChoice({ recorder }: { recorder: Recorder }) {
  const { cameras, microphones } = recorder.devices.value;
  const stream = recorder.stream.value;
  const used = (kind: "video" | "audio") =>
    stream?.getTracks().find((track) => track.kind === kind)?.getSettings().deviceId ?? "";
  return (
    <div class="row">
      <DeviceList id="camera" label={t("record.camera")} devices={cameras} used={used("video")}
        onChange={(camera) => void recorder.prepare({ ...recorder.choice.value, camera })} />
      <DeviceList id="microphone" label={t("record.microphone")} devices={microphones} used={used("audio")}
        onChange={(microphone) => void recorder.prepare({ ...recorder.choice.value, microphone })} />
    </div>
  );
}

interface DeviceListProps {
  id: string;
  label: string;
  devices: MediaDeviceInfo[];
  used: string;
  onChange: (id: string) => void;
}

function DeviceList({ id, label, devices, used, onChange }: DeviceListProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select class="input" id={id} value={used} disabled={devices.length === 0}
        onChange={(event) => onChange(event.currentTarget.value)}>
        {devices.length === 0 && <option value="">{t("record.none_found")}</option>}
        {devices.map((device, n) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || t("record.unnamed", { label, number: n + 1 })}
          </option>
        ))}
      </select>
    </div>
  );
}
