// One light and one sentence: green only when what was taught is stored on the server, amber while
// it is safe on this laptop, red when it is neither.

import { stamp } from "../lib/clock";
import { t } from "../lib/messages";
import type { Recorder } from "./recorder";
import { savedUntil, sentence } from "./words";

/** How far behind the lesson the store may be and still be called safe. */
const behind = 10_000;
/** How far behind it what is kept on this laptop may be: a few fragments. */
const keptBehind = 6000;

type Colour = "green" | "amber" | "red";

export interface Said {
  colour: Colour;
  headline: string;
  more: string;
  /** Signing in again is what helps. */
  signIn?: boolean;
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
    case "kept":
      return kept(recorder);
    case "over":
      return { colour: "green", headline: t("record.saved"), more: "" };
    case "ended":
      return { colour: "amber", headline: t("record.ended"), more: `${t("record.ended_more")} ${until}.` };
    case "paused":
      return paused(recorder, until);
  }
  const local = recorder.local.value?.state.value;
  if (local === "recording") return onBoth(recorder, until);
  if (local === "starting" && recorder.route.link.value !== "connected") {
    return { colour: "amber", headline: t("record.starting"), more: "" };
  }
  if (recorder.signedOut.value) {
    return { colour: "red", headline: t("record.signed_out"), more: t("record.signed_out_do"), signIn: true };
  }
  return onLine(recorder, until);
}

/** The lesson is over and the server has not heard of it. */
function kept(recorder: Recorder): Said {
  const declined = recorder.declined.value || (recorder.sending.value?.state === "refused" && recorder.sending.value.sentence);
  if (declined) return { colour: "amber", headline: t("record.on_laptop"), more: `${declined} ${t("record.stays_here")}` };
  const signIn = recorder.signedOut.value;
  return { colour: "amber", headline: t("record.on_laptop"), more: t(signIn ? "record.kept_signed_out" : "record.kept_more"), signIn };
}

function paused(recorder: Recorder, until: string): Said {
  const left = recorder.sending.value?.bytesLeft ?? 0;
  const headline = t("record.paused");
  if (recorder.settled.value && left === 0 && !recorder.declined.value && recorder.savedUntil.value > 0) {
    return { colour: "green", headline, more: `${until}.` };
  }
  if (recorder.local.value) return { ...onLaptop(recorder, until), headline };
  if (recorder.signedOut.value) {
    return { colour: "red", headline: t("record.signed_out"), more: t("record.signed_out_do"), signIn: true };
  }
  return { colour: "amber", headline, more: t("record.pausing") };
}

/** The lesson is recorded on this laptop, and sent as far as the network goes. */
function onBoth(recorder: Recorder, until: string): Said {
  const saved = recorder.savedUntil.value;
  const now = recorder.elapsed.value;
  if (saved > 0 && now - saved <= behind && !recorder.declined.value) {
    return { colour: "green", headline: until, more: t("record.on_server") };
  }
  if (now - (recorder.local.value?.keptUntil.value ?? 0) > keptBehind) return onLine(recorder, until);
  if (saved === 0 && now <= behind && !recorder.refusal.value) {
    return { colour: "amber", headline: t("record.first_seconds"), more: t("record.first_seconds_more") };
  }
  return onLaptop(recorder, until);
}

/** What is not on the server yet is safe here: why it is here, and what becomes of it. */
function onLaptop(recorder: Recorder, until: string): Said {
  const said = { colour: "amber" as const, headline: t("record.on_laptop") };
  if (recorder.declined.value) return { ...said, more: `${recorder.declined.value} ${t("record.stays_here")}` };
  if (recorder.signedOut.value) return { ...said, more: t("record.signed_out_kept", { until }), signIn: true };
  if (!recorder.reached.value) return { ...said, more: t("record.offline_kept", { until }) };
  const problem = recorder.refusal.value;
  if (problem?.why === "said") return { ...said, more: `${until}. ${problem.sentence}` };
  const left = Math.max(0, recorder.elapsed.value - recorder.savedUntil.value);
  return { ...said, more: t("record.left_here", { until, time: stamp(left) }) };
}

/** The lesson is only sent. */
function onLine(recorder: Recorder, until: string): Said {
  const refusal = recorder.refusal.value;
  const saved = recorder.savedUntil.value;
  const full = recorder.local.value?.state.value === "full" ? `${t("record.disk_full")} ` : "";
  switch (recorder.route.link.value) {
    case "lost":
      return refusal?.why === "said"
        ? { colour: "red", headline: t("record.not_recorded"), more: `${full}${refusal.sentence} ${until}.` }
        : { colour: "red", headline: t("record.lost"), more: full + t("record.lost_more", { until }) };
    case "connecting":
    case "none":
      return {
        colour: "amber", headline: t("record.connecting"),
        more: full + (saved > 0 ? `${until}.` : t("record.connecting_more")),
      };
  }
  if (refusal) return { colour: "amber", headline: until, more: full + sentence(refusal) };
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
  const { colour, headline, more, signIn } = say(recorder);
  return (
    <div class="light" data-colour={colour}>
      <span class="light-dot" aria-hidden="true" />
      <div>
        <strong>{headline}</strong>
        {more && <p class="xs">{more}</p>}
        {signIn && (
          <p class="xs"><a href="/login" target="_blank" rel="noopener">{t("record.sign_in")}</a></p>
        )}
      </div>
    </div>
  );
}
