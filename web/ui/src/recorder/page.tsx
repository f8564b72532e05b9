// The two faces of the page: before the lesson, and while it goes on.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { stamp } from "../lib/clock";
import { t } from "../lib/messages";
import { Before } from "./before";
import { keepAwake } from "./laptop";
import { Left } from "./left";
import { Light } from "./light";
import { Picture } from "./picture";
import type { Recorder } from "./recorder";
import { Rows } from "./rows";
import type { Boot } from "./types";

export function LessonPage({ recorder, boot }: { recorder: Recorder; boot: Boot }) {
  const phase = recorder.phase.value;
  const teaching = phase === "recording" || phase === "paused" || phase === "stopping" || phase === "over";
  if (recorder.left.value && !teaching) return <Left recorder={recorder} left={recorder.left.value} />;
  return (
    <div class="recorder">
      <section class="recorder-picture" aria-label={t("record.picture")}>
        <Picture recorder={recorder} />
        {teaching && <Actions recorder={recorder} />}
      </section>
      {teaching ? <During recorder={recorder} /> : <Before recorder={recorder} boot={boot} />}
      <Announcer recorder={recorder} />
    </div>
  );
}

function Actions({ recorder }: { recorder: Recorder }) {
  const phase = recorder.phase.value;
  const stopping = phase === "stopping" || phase === "over";
  const stop = async () => {
    const address = await recorder.stop();
    if (address) location.assign(address);
  };
  return (
    <div class="actions recorder-actions">
      {phase === "paused" ? (
        <button class="button large" type="button" onClick={() => recorder.resume()}>{t("record.resume")}</button>
      ) : (
        <button class="button large" type="button" disabled={stopping} onClick={() => recorder.pause()}>
          {t("record.pause")}
        </button>
      )}
      <button class="button large primary" type="button" disabled={stopping} onClick={() => void stop()}>
        {stopping ? t("record.stopping") : t("record.stop")}
      </button>
    </div>
  );
}

function During({ recorder }: { recorder: Recorder }) {
  useEffect(() => keepAwake(), []);
  return (
    <section class="recorder-side" aria-label={t("record.state")}>
      <h2 class="recorder-title">{recorder.title.value}</h2>
      <Clock recorder={recorder} />
      <Light recorder={recorder} />
      <Rows recorder={recorder} />
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
    if (phase === "recording") {
      said.value = recorder.link.value === "lost" ? t("record.say_lost") : t("record.say_recording");
    } else if (phase === "paused") {
      said.value = t("record.say_paused");
    } else if (phase === "stopping") {
      said.value = t("record.stopping");
    }
  });
  return <p class="visually-hidden" role="status">{said.value}</p>;
}
