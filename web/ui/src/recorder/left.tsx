// A lesson that was left behind by a reload or a crash of the tab: go on with it, or save it.

import { useSignal } from "@preact/signals";

import { t } from "../lib/messages";
import type { Recorder } from "./recorder";
import type { Unfinished } from "./unfinished";

export function Left({ recorder, left }: { recorder: Recorder; left: Unfinished }) {
  const saving = useSignal(false);
  const stop = async () => {
    saving.value = true;
    const address = await recorder.stopLeft();
    if (address) location.assign(address);
  };
  const phase = recorder.phase.value;
  return (
    <div class="recorder-left">
      <h2>{t("record.left", { title: left.title })}</h2>
      <p>{t("record.left_more")}</p>
      {recorder.refusal.value && <p class="notice bad" role="alert">{recorder.refusal.value}</p>}
      {phase === "trouble" && <p class="notice warn" role="alert">{t(`record.trouble.${recorder.trouble.value}`)} {t(`record.trouble.${recorder.trouble.value}.do`)}</p>}
      <div class="actions">
        <button class="button large primary" type="button" disabled={saving.value || phase !== "ready"}
          onClick={() => void recorder.continue()}>{t("record.continue")}</button>
        <button class="button large" type="button" disabled={saving.value} onClick={() => void stop()}>
          {saving.value ? t("record.stopping") : t("record.stop")}
        </button>
        <button class="button quiet" type="button" disabled={saving.value} onClick={() => recorder.dismissLeft()}>
          {t("record.new")}
        </button>
      </div>
    </div>
  );
}
