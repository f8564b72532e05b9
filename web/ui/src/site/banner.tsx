// The lessons that are still on this laptop, on every page: whose, how much, how long. Their own
// person sees what they are and decides about them; anybody else who uses the laptop sees that there
// is one, and whose.

import { useSignal, useSignalEffect } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";

import { Icon } from "../lib/icon";
import type { IconName } from "../lib/icon";
import { t } from "../lib/messages";
import { saveAsFile } from "../local";
import type { Sending, UnsentLesson } from "../local";
import { about, length, size } from "./amounts";
import { Removing } from "./removing";

/** "12 min · 84 MB to send · about 3 min left", as far as it is known. */
export function amounts(lesson: UnsentLesson & { leftMs?: number | null }): string {
  const parts = [length(lesson.lengthMs)];
  if (lesson.bytesLeft > 0) parts.push(t("unsent.to_send", { size: size(lesson.bytesLeft) }));
  if (lesson.leftMs) parts.push(t("unsent.left", { time: about(lesson.leftMs) }));
  return parts.join(" · ");
}

/** What the banner knows of a lesson. */
export interface Shown extends UnsentLesson {
  /** As the sender says; elsewhere: another tab sends it, and knows more. */
  state: Sending["state"] | "elsewhere";
  sentence: string;
  leftMs: number | null;
}

interface Props {
  lessons: ReadonlySignal<readonly Shown[]>;
  /** Who is signed in; "nobody" or "" when nobody is known to be. */
  person: string;
}

export function Banner({ lessons, person }: Props) {
  const removed = useSignal("");
  const shown = lessons.value.filter(isToBeTold);
  if (shown.length === 0 && !removed.value) return null;
  return (
    <aside class="unsent" aria-label={t("unsent.region")}>
      {removed.value && <p class="unsent-lesson" role="status">{t("unsent.removed", { title: removed.value })}</p>}
      {shown.map((lesson) =>
        lesson.person === person
          ? <Own key={lesson.recording} lesson={lesson} removed={(title) => { removed.value = title; }} />
          : <Others key={lesson.recording} lesson={lesson} />)}
      <Announcer lessons={lessons} person={person} />
    </aside>
  );
}

/** The page that records a lesson tells of it itself, and so does the recorder of one that was left
 *  in the middle, when all that there is of it has been sent. */
function isToBeTold(lesson: Shown): boolean {
  return !lesson.recordingNow && (lesson.bytesLeft > 0 || lesson.state === "sent" || lesson.state === "refused");
}

/** Of another person's lesson nothing is shown but whose it is. */
function Others({ lesson }: { lesson: Shown }) {
  return (
    <div class="unsent-lesson" data-state={lesson.state}>
      <Icon name={iconOf(lesson)} />
      <div class="unsent-words">
        <strong>{headline(lesson, false)}</strong>
        <p class="sm">{state(lesson, false)}</p>
      </div>
      {lesson.state === "sending" && <Progress lesson={lesson} />}
    </div>
  );
}

function Own({ lesson, removed }: { lesson: Shown; removed: (title: string) => void }) {
  const removing = useSignal(false);
  const here = lesson.state !== "sent";
  return (
    <div class="unsent-lesson" data-state={lesson.state}>
      <Icon name={iconOf(lesson)} />
      <div class="unsent-words">
        <strong>{headline(lesson, true)}</strong>
        {here && <p class="sm unsent-amounts">{amounts(lesson)}</p>}
        <p class="sm">{state(lesson, true)}</p>
        {lesson.without && <p class="sm">{lesson.without} {t("unsent.without")}</p>}
      </div>
      {lesson.state === "sending" && <Progress lesson={lesson} />}
      {here ? (
        <div class="actions">
          <Save lesson={lesson} />
          <button class="button quiet" type="button" onClick={() => { removing.value = true; }}>
            {t("unsent.remove")}
          </button>
        </div>
      ) : location.pathname !== `/recordings/${lesson.recording}` && (
        <div class="actions"><a class="button" href={`/recordings/${lesson.recording}`}>{t("unsent.open")}</a></div>
      )}
      {removing.value && <Removing lesson={lesson} done={(gone) => {
        removing.value = false;
        if (gone) removed(lesson.title);
      }} />}
    </div>
  );
}

function Progress({ lesson }: { lesson: Shown }) {
  return <progress aria-label={t("unsent.progress")} max={lesson.bytes} value={lesson.bytes - lesson.bytesLeft} />;
}

function Save({ lesson }: { lesson: Shown }) {
  const busy = useSignal(false);
  const failed = useSignal(false);
  const save = async () => {
    busy.value = true;
    failed.value = false;
    try {
      download(await saveAsFile(lesson.recording), lesson);
    } catch {
      failed.value = true;
    }
    busy.value = false;
  };
  return (
    <>
      <button class="button" type="button" disabled={busy.value} onClick={() => void save()}>
        <Icon name="download" />{t(busy.value ? "unsent.saving" : "unsent.save")}
      </button>
      {failed.value && <p class="sm" role="alert">{t("unsent.save_failed")}</p>}
    </>
  );
}

const endings: Record<string, string> = {
  "video/mp4": "mp4", "video/webm": "webm", "audio/mp4": "m4a", "audio/webm": "weba", "application/zip": "zip",
};

/** A name that every file system takes: the title, and the day of the lesson. */
export function fileName(lesson: Pick<UnsentLesson, "title" | "startedAt">, mediaType: string): string {
  const ending = endings[mediaType.split(";")[0]!.trim()] ?? "bin";
  const title = lesson.title.replace(/[\p{Cc}\p{Cf}<>:"/\\|?*]+/gu, " ").replace(/\s+/g, " ").trim().slice(0, 80);
  return `${title || "lesson"} ${lesson.startedAt.slice(0, 10)}.${ending}`;
}

function download(file: Blob, lesson: Shown): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = fileName(lesson, file.type);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser has opened it by then
}

function iconOf({ state }: Shown): IconName {
  if (state === "sent") return "check";
  if (state === "signed_out" || state === "refused") return "triangle-alert";
  return state === "waiting" && !navigator.onLine ? "wifi-off" : "cloud-upload";
}

function headline({ personName: name, title, state }: Shown, own: boolean): string {
  if (!own) return t(state === "sent" ? "unsent.sent" : "unsent.of", { name });
  return state === "sent" ? t("unsent.sent_titled", { title }) : t("unsent.titled", { name, title });
}

/** How a lesson gets on, in a sentence. The server's words about it are for its own person. */
function state(lesson: Shown, own: boolean): string {
  const { personName: name, sentence } = lesson;
  switch (lesson.state) {
    case "sent": return t("unsent.sent_more");
    case "waiting": return `${own ? sentence : ""} ${t("unsent.waiting")}`.trim();
    case "signed_out": return t("unsent.signed_out", { name });
    case "refused":
      if (!own) return t("unsent.other_refused", { name });
      return `${t("unsent.refused")} ${sentence} ${t("unsent.refused_do")}`.replace(/\s+/g, " ");
    case "elsewhere": return t("unsent.elsewhere");
    case "sending": return own ? t("unsent.sending") : t("unsent.other_sending", { name });
  }
}

/** Says aloud how a lesson gets on when that has changed, and not each second. */
function Announcer({ lessons, person }: Props) {
  const said = useSignal("");
  useSignalEffect(() => {
    said.value = lessons.value
      .filter(isToBeTold)
      .map((lesson) => {
        const own = lesson.person === person;
        return `${headline(lesson, own)}. ${state(lesson, own)}`;
      })
      .join(" ");
  });
  return <p class="visually-hidden" role="status">{said.value}</p>;
}
