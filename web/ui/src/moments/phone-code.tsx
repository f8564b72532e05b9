// The code that the teacher's phone scans, and the lesson's clock told to the server for as long as
// there is one: a phone has another clock than the laptop.

import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

import { request } from "../lib/api";
import { t } from "../lib/messages";
import type { MarkedLesson } from "./mark-moment";

/** How often the clock is told: two clocks part by less than a millisecond in this time. */
const tellEveryMS = 15_000;
/** A word that took longer than this on its way is told again. */
const slowMS = 1_000;
const answerWithinMS = 15_000;

type Code = ComponentType<{ text: string; name: string }>;

export function PhoneCode({ lesson }: { lesson: MarkedLesson }) {
  const link = useSignal("");
  const failed = useSignal(false);
  const open = useSignal(false);
  const Code = useSignal<{ is: Code } | null>(null);
  const recording = lesson.lesson.value?.recording ?? "";
  const phase = lesson.phase.value;

  const make = async () => {
    failed.value = false;
    try {
      const [made, code] = await Promise.all([
        request<{ url: string }>("POST", `/api/recordings/${recording}/moment-links`, {
          body: clockOf(lesson), signal: AbortSignal.timeout(answerWithinMS),
        }),
        import("./qr"),
      ]);
      Code.value = { is: code.QRCode };
      // The address by which this laptop reaches the server is the one that a phone can reach too.
      link.value = new URL(made.url, location.href).href;
    } catch {
      failed.value = true;
    }
  };

  useEffect(() => {
    if (link.value === "" || recording === "") return;
    const stop = new AbortController();
    void tell(lesson, recording, stop.signal);
    const timer = setInterval(() => void tell(lesson, recording, stop.signal), tellEveryMS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [link.value, recording, phase]);

  const Shown = Code.value?.is;
  return (
    <div class="moments-phone" ref={(element) => watchOpen(element, () => {
      if (open.value) return;
      open.value = true;
      void make();
    })}>
      {link.value !== "" && Shown ? (
        <>
          <Shown text={link.value} name={t("moments.code")} />
          <div class="sm">
            <p>{t("moments.phone_hint")}</p>
            <p class="muted">{t("moments.phone_private")}</p>
          </div>
        </>
      ) : failed.value ? (
        <div class="sm">
          <p role="alert">{t("moments.phone_failed")}</p>
          <button type="button" class="button" onClick={() => void make()}>{t("moments.again")}</button>
        </div>
      ) : <p class="muted sm">{t("moments.phone_making")}</p>}
    </div>
  );
}

function clockOf(lesson: MarkedLesson) {
  lesson.readClock();
  return { elapsed_ms: lesson.elapsed.value, running: lesson.phase.value === "recording" };
}

/** Tells the server what the clock says; once more when the word was slow. */
async function tell(lesson: MarkedLesson, recording: string, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < 2 && !signal.aborted; attempt++) {
    const begun = performance.now();
    try {
      await request("PUT", `/api/recordings/${recording}/lesson-clock`, { body: clockOf(lesson), signal });
    } catch {
      return; // away: the next time comes
    }
    if (performance.now() - begun < slowMS) return;
  }
}

const watched = new WeakSet<Element>();

/** Calls act when the <details> around an element is opened: no code is made that nobody wants. */
function watchOpen(element: Element | null, act: () => void): void {
  const details = element?.closest("details");
  if (!details || watched.has(details)) return;
  watched.add(details);
  details.addEventListener("toggle", () => details.open && act());
}
