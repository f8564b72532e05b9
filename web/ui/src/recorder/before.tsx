// Before the lesson: what it is called, what it is about, who gets it.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { LessonFiles } from "../attachments/lesson-files";
import { locale, t } from "../lib/messages";
import { enough } from "../local/disk";
import { draft, forgetDraft, keepDraft } from "./draft";
import { watchDisk } from "./laptop";
import type { Recorder } from "./recorder";
import type { Boot, Person, Target } from "./types";
import { sentence } from "./words";

const maxTitle = 200;
const maxClass = 100;

function usualTitle(): string {
  const language = locale();
  const own = navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
  const when = new Intl.DateTimeFormat(own, {
    weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit",
  }).format(new Date());
  return t("record.usual_title", { when });
}

export function Before({ recorder, boot }: { recorder: Recorder; boot: Boot }) {
  const usual = useSignal(usualTitle());
  const title = useSignal(draft().title || usual.value);
  const className = useSignal(draft().className ?? "");
  const targets = useSignal(new Set(boot.target_areas.map((target) => target.id)));
  const people = useSignal(new Set(boot.people.filter((p) => p.paired).map((p) => p.id)));
  useSignalEffect(() => keepDraft({
    title: title.value === usual.value ? "" : title.value, className: className.value,
  }));
  const phase = recorder.phase.value;
  const start = async (event: Event) => {
    event.preventDefault();
    await recorder.start({
      programID: boot.program_id, title: title.value.trim(), className: className.value.trim(),
      targets: boot.target_areas.filter((target) => targets.value.has(target.id)),
      people: boot.people.filter((person) => people.value.has(person.id)),
    });
    if (recorder.phase.value !== "before") forgetDraft();
  };
  return (
    <form class="recorder-side recorder-form" onSubmit={(event) => void start(event)}>
      <GoesOn recorder={recorder} />
      <Programs boot={boot} />
      <div class="field">
        <label for="lesson-title">{t("record.lesson_title")}</label>
        <input class="input" id="lesson-title" required maxLength={maxTitle} value={title.value}
          onFocus={(event) => { if (title.value === usual.value) event.currentTarget.select(); }}
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
      <LessonFiles lesson={recorder} person={boot.me} />
      <div class="recorder-go">
        {recorder.refusal.value && <p class="notice bad" role="alert">{sentence(recorder.refusal.value)}</p>}
        <Room recorder={recorder} />
        <button class="button large primary recorder-start" type="submit"
          disabled={phase !== "before" || recorder.inputs.state.value !== "ready"}>
          {t(phase === "starting" ? "record.starting" : "record.start")}
        </button>
      </div>
    </form>
  );
}

/** A lesson of one's own that goes on elsewhere can go on here: a laptop's battery is empty at once. */
function GoesOn({ recorder }: { recorder: Recorder }) {
  const found = recorder.elsewhere.value;
  if (!found) return null;
  const able = recorder.phase.value === "before" && recorder.inputs.state.value === "ready";
  return (
    <section class="notice recorder-join" aria-labelledby="join-title">
      <h2 class="sm" id="join-title">{t("record.join", { title: found.title })}</h2>
      <p class="muted sm">{t("record.join_more")}</p>
      <button class="button" type="button" disabled={!able}
        onClick={() => void recorder.join()}>{t("record.join_do")}</button>
    </section>
  );
}

/** Whether this laptop can keep a lesson: told while there is still time to do something about it. */
function Room({ recorder }: { recorder: Recorder }) {
  const minutes = useSignal<number | null>(null);
  useEffect(() => watchDisk((left) => { minutes.value = left; }), [minutes]);
  if (recorder.keeps.value === false) return <p class="notice warn">{t("record.keeps_nothing_before")}</p>;
  if (minutes.value === null || minutes.value >= enough.before) return null;
  return <p class="notice warn" role="alert">{t("record.disk_before", { count: minutes.value })}</p>;
}

/** A lesson belongs to one program; most people are in one and need not be asked. */
function Programs({ boot }: { boot: Boot }) {
  if (boot.programs.length < 2) return null;
  return (
    <div class="field">
      <label for="lesson-program">{t("record.program")}</label>
      <select class="input" id="lesson-program" value={boot.program_id}
        onChange={(event) => location.assign(`/record?program=${encodeURIComponent(event.currentTarget.value)}`)}>
        {boot.programs.map((program) => <option key={program.id} value={program.id}>{program.name}</option>)}
      </select>
    </div>
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
    <fieldset class="picks">
      <legend>{t("record.working_on")}</legend>
      {all.map((target) => (
        <label class="pick" key={target.id}>
          <input type="checkbox" checked={chosen.has(target.id)}
            onChange={() => onChange(toggled(chosen, target.id))} />
          <span><span class="chip" data-hue={target.hue}><i />{target.name}</span>
            <small>{target.goal}</small></span>
        </label>
      ))}
    </fieldset>
  );
}

/** Those whom the teacher works with, and behind one more step the rest of the program. */
function People({ all, chosen, onChange }: ChoiceProps<Person>) {
  const near = all.filter((person) => person.paired);
  const shown = near.length > 0 ? near : all.slice(0, few);
  const rest = all.filter((person) => !shown.includes(person));
  const pick = (person: Person) => (
    <label class="pick" key={person.id}>
      <input type="checkbox" checked={chosen.has(person.id)}
        onChange={() => onChange(toggled(chosen, person.id))} />
      <span>{person.name}<small>{t(`record.role.${person.role}`)}</small></span>
    </label>
  );
  return (
    <fieldset class="picks">
      <legend>{t("record.for")}</legend>
      {all.length === 0 ? <p class="hint">{t("record.nobody")}</p> : shown.map(pick)}
      {rest.length > 0 && (
        <details class="others">
          <summary>{t("record.others", { count: rest.length })}</summary>
          <div class="others-list">{rest.map(pick)}</div>
        </details>
      )}
      {all.length > 0 && <p class="hint">{t(chosen.size === 0 ? "record.only_you" : "record.shared")}</p>}
    </fieldset>
  );
}

const few = 3;
