// One light and one sentence: green only when what was taught is stored on the server.

import { t } from "../lib/messages";
import type { Recorder } from "./recorder";
import { savedUntil, sentence } from "./words";

/** How far behind the lesson the store may be and still be called safe: two segments and the way. */
const behind = 8000;

type Colour = "green" | "amber" | "red";

export interface Said {
  colour: Colour;
  headline: string;
  more: string;
}

export function say(recorder: Recorder): Said {
  const until = savedUntil(recorder.savedUntil.value);
  const refusal = recorder.refusal.value;
  switch (recorder.phase.value) {
    case "stopping":
      return {
        colour: "amber", headline: t("record.stopping"),
        more: refusal ? `${sentence(refusal)} ${t("record.stop_waits")}` : t("record.keep_open"),
      };
    case "over":
      return { colour: "green", headline: t("record.saved"), more: "" };
    case "ended":
      return { colour: "amber", headline: t("record.ended"), more: `${t("record.ended_more")} ${until}.` };
    case "paused":
      if (recorder.signedOut.value) break;
      return recorder.settled.value
        ? { colour: "green", headline: t("record.paused"), more: `${until}.` }
        : { colour: "amber", headline: t("record.paused"), more: t("record.pausing") };
  }
  if (recorder.signedOut.value) {
    return { colour: "red", headline: t("record.signed_out"), more: t("record.signed_out_do") };
  }
  return sending(recorder, until);
}

function sending(recorder: Recorder, until: string): Said {
  const refusal = recorder.refusal.value;
  const saved = recorder.savedUntil.value;
  switch (recorder.route.link.value) {
    case "lost":
      return refusal?.why === "said"
        ? { colour: "red", headline: t("record.not_recorded"), more: `${refusal.sentence} ${until}.` }
        : { colour: "red", headline: t("record.lost"), more: t("record.lost_more", { until }) };
    case "connecting":
    case "none":
      return {
        colour: "amber", headline: t("record.connecting"),
        more: saved > 0 ? `${until}.` : t("record.connecting_more"),
      };
  }
  if (refusal) return { colour: "amber", headline: until, more: sentence(refusal) };
  if (saved === 0) {
    return { colour: "amber", headline: t("record.first_seconds"), more: t("record.first_seconds_more") };
  }
  if (saved < recorder.sentFrom.value && recorder.elapsed.value - recorder.sentFrom.value < behind) {
    return { colour: "amber", headline: until, more: t("record.back") };
  }
  if (recorder.elapsed.value - Math.max(saved, recorder.sentFrom.value) > behind) {
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
