// A lesson that was left behind by a reload or a crash of the tab: go on with it, or save it.

import { t } from "../lib/messages";
import type { Recorder } from "./recorder";
import { savedUntil, sentence } from "./words";

function left(recorder: Recorder): string {
  if (recorder.leftKept.value && recorder.savedUntil.value === 0) return t("record.on_laptop");
  return savedUntil(recorder.savedUntil.value);
}

export function Left({ recorder }: { recorder: Recorder }) {
  const phase = recorder.phase.value;
  const saving = phase === "stopping" || phase === "over";
  const able = phase === "before" && recorder.inputs.state.value === "ready";
  const stop = async () => {
    const address = await recorder.stopLeft();
    if (address) location.assign(address);
  };
  return (
    <section class="recorder-side recorder-left" aria-labelledby="left-title">
      <div>
        <h2 id="left-title">{t("record.left", { title: recorder.lesson.value?.title ?? "" })}</h2>
        <p class="muted">{t("record.left_more")}</p>
      </div>
      <p><strong>{left(recorder)}</strong></p>
      {recorder.refusal.value && <p class="notice bad" role="alert">{sentence(recorder.refusal.value)}</p>}
      <div class="recorder-choices">
        <button class="button large primary" type="button" disabled={!able}
          onClick={() => void recorder.continue()}>{t("record.continue")}</button>
        <button class="button large" type="button" disabled={phase !== "before"} onClick={() => void stop()}>
          {t(saving ? "record.saving" : "record.stop")}
        </button>
        <button class="button quiet" type="button" disabled={phase !== "before"}
          onClick={() => recorder.dismissLeft()}>{t("record.new")}</button>
      </div>
    </section>
  );
}
