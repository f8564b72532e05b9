// One light and one sentence: green only when what was taught is stored on the server.

import { stamp } from "../lib/clock";
import { t } from "../lib/messages";
import type { Recorder } from "./recorder";

/** How far behind the lesson the store may be and still be called safe: two segments and the way. */
const behind = 8000;

type Colour = "green" | "amber" | "red";

interface Said {
  colour: Colour;
  headline: string;
  more: string;
}

function say(recorder: Recorder): Said {
  const saved = recorder.savedUntil.value;
  const until = t("record.saved_until", { time: stamp(saved) });
  const phase = recorder.phase.value;
  if (phase === "stopping") {
    return { colour: "amber", headline: t("record.stopping"), more: recorder.refusal.value || t("record.keep_open") };
  }
  if (phase === "over") return { colour: "green", headline: until, more: "" };
  if (recorder.signedOut.value) {
    return { colour: "red", headline: t("record.signed_out"), more: t("record.signed_out_do") };
  }
  if (phase === "paused") return { colour: "green", headline: t("record.paused"), more: until };
  switch (recorder.link.value) {
    case "lost":
      return { colour: "red", headline: t("record.lost"), more: recorder.refusal.value || t("record.lost_more", { until }) };
    case "connecting":
    case "none":
      return { colour: "amber", headline: t("record.connecting"), more: saved > 0 ? until : t("record.connecting_more") };
  }
  if (recorder.refusal.value) return { colour: "amber", headline: until, more: recorder.refusal.value };
  if (saved === 0) return { colour: "amber", headline: t("record.first_seconds"), more: t("record.first_seconds_more") };
  if (recorder.elapsed.value - saved > behind) {
    return { colour: "amber", headline: until, more: t("record.behind") };
  }
  return { colour: "green", headline: until, more: t("record.on_server") };
}

export function Light({ recorder }: { recorder: Recorder }) {
  const { colour, headline, more } = say(recorder);
  return (
    <div class="light" data-colour={colour}>
      <span class="light-dot" aria-hidden="true" />
      <div>
        <strong>{headline}</strong>
        {more && <p class="xs">{more}</p>}
        {recorder.signedOut.value && (
          <p class="xs"><a href="/login" target="_blank" rel="noopener">{t("record.sign_in")}</a></p>
        )}
      </div>
    </div>
  );
}
