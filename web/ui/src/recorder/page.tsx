// The faces of the page: before the lesson, while it goes on, and after one that was left behind.

import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { LessonFiles } from "../attachments/lesson-files";
import { stamp } from "../lib/clock";
import { t } from "../lib/messages";
import { MarkMoment } from "../moments/mark-moment";
import { Before } from "./before";
import { DeviceChoice } from "./device-choice";
import { keepAwake } from "./laptop";
import { Left } from "./left";
import { Light } from "./light";
import { Picture } from "./picture";
import type { Recorder } from "./recorder";
import { Rows } from "./rows";
import type { Boot } from "./types";

export function LessonPage({ recorder, boot }: { recorder: Recorder; boot: Boot }) {
  const phase = recorder.phase.value;
  if (phase === "elsewhere") return <Elsewhere />;
  const before = phase === "before" || phase === "starting";
  const left = recorder.left.value; // a lesson that this page has not gone on with
  return (
    <div class="recorder">
      <section class="recorder-picture" aria-label={t("record.picture")}>
        <Picture recorder={recorder} />
        {!left && (before ? <DeviceChoice inputs={recorder.inputs} /> : <Actions recorder={recorder} />)}
      </section>
      <Side recorder={recorder} boot={boot} before={before || left} />
      <Announcer recorder={recorder} />
    </div>
  );
}

function Side({ recorder, boot, before }: { recorder: Recorder; boot: Boot; before: boolean }) {
  if (!before) return <During recorder={recorder} boot={boot} />;
  return recorder.left.value ? <Left recorder={recorder} /> : <Before recorder={recorder} boot={boot} />;
}

function Elsewhere() {
  return (
    <div class="recorder-alone" role="status">
      <h2>{t("record.elsewhere_title")}</h2>
      <p class="muted">{t("record.elsewhere_more")}</p>
    </div>
  );
}

function Actions({ recorder }: { recorder: Recorder }) {
  const phase = recorder.phase.value;
  if (phase === "ended" || phase === "kept" || phase === "over") return <AfterEnd recorder={recorder} />;
  const stopping = phase === "stopping";
  const stop = async () => {
    const address = await recorder.stop();
    if (address) location.assign(address);
  };
  return (
    <div class="actions recorder-actions">
      {phase === "paused" ? (
        <Button onClick={() => recorder.resume()}>{t("record.resume")}</Button>
      ) : (
        <Button disabled={stopping} onClick={() => recorder.pause()}>{t("record.pause")}</Button>
      )}
      <Button primary disabled={stopping} onClick={() => void stop()}>
        {t(stopping ? "record.saving" : "record.stop")}
      </Button>
    </div>
  );
}

interface ButtonProps {
  primary?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ComponentChildren;
}

function Button({ primary, disabled, onClick, children }: ButtonProps) {
  return (
    <button class={primary ? "button large primary" : "button large"} type="button"
      disabled={disabled} onClick={onClick}>{children}</button>
  );
}

function AfterEnd({ recorder }: { recorder: Recorder }) {
  const there = recorder.phase.value !== "kept"; // the server has a page of it
  return (
    <div class="actions recorder-actions">
      {there && (
        <a class="button large primary" href={`/recordings/${recorder.lesson.value?.recording ?? ""}`}>
          {t("record.open_recording")}
        </a>
      )}
      <a class="button large" href="/record">{t("record.new")}</a>
    </div>
  );
}

function During({ recorder, boot }: { recorder: Recorder; boot: Boot }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    title.current?.focus(); // the button that had it is gone
    return keepAwake();
  }, []);
  return (
    <section class="recorder-side" aria-label={t("record.state")}>
      <div>
        <h2 class="recorder-title" ref={title} tabIndex={-1}>{recorder.lesson.value?.title}</h2>
        <Clock recorder={recorder} />
      </div>
      <Light recorder={recorder} />
      <MarkMoment lesson={recorder} person={boot.me} />
      <Rows recorder={recorder} />
      <LessonFiles lesson={recorder} person={boot.me} />
    </section>
  );
}

function Clock({ recorder }: { recorder: Recorder }) {
  useEffect(() => {
    recorder.readClock();
    const timer = setInterval(() => recorder.readClock(), 250);
    return () => clearInterval(timer);
  }, [recorder]);
  return (
    <p class="recorder-clock" role="timer" aria-label={t("record.clock")} aria-live="off"
      data-paused={recorder.phase.value === "paused" ? "" : undefined}>
      {stamp(recorder.elapsed.value)}
    </p>
  );
}

/** Says aloud what changed, and nothing each second. */
function Announcer({ recorder }: { recorder: Recorder }) {
  const said = useSignal("");
  useSignalEffect(() => {
    const phase = recorder.phase.value;
    const link = recorder.route.link.value;
    const kept = recorder.local.value?.state.value === "recording";
    if (phase === "recording" && recorder.signedOut.value) said.value = t("record.signed_out");
    else if (phase === "recording" && kept && !recorder.reached.value) said.value = t("record.say_offline");
    else if (phase === "recording" && !kept && link === "lost") said.value = t("record.say_lost");
    else if (phase === "recording" && (kept || link === "connected")) said.value = t("record.say_recording");
    else if (phase === "paused") said.value = t("record.say_paused");
    else if (phase === "stopping") said.value = t("record.stopping");
    else if (phase === "kept") said.value = t("record.on_laptop");
    else if (phase === "ended") said.value = t("record.ended");
  });
  return <p class="visually-hidden" role="status">{said.value}</p>;
}
