// What is said before somebody signs out who has a lesson on this laptop alone. Loaded when it is
// wanted.

import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../lib/messages";
import { unsent } from "../local";
import type { UnsentLesson } from "../local";
import { amounts } from "./banner";

/** What to tell somebody before they sign out: resolves to whether they do. null: nothing. */
export async function toTell(person: string): Promise<(() => Promise<boolean>) | null> {
  const own = (await unsent()).filter((lesson) => lesson.person === person);
  return own.length === 0 ? null : () => ask(own);
}

function ask(lessons: UnsentLesson[]): Promise<boolean> {
  const place = document.createElement("div");
  document.body.append(place);
  return new Promise((resolve) => {
    const decide = (leaves: boolean) => {
      render(null, place);
      place.remove();
      resolve(leaves);
    };
    render(<Leaving lessons={lessons} decide={decide} />, place);
  });
}

function Leaving({ lessons, decide }: { lessons: UnsentLesson[]; decide: (leaves: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="asking" aria-labelledby="leaving-title" onClose={() => decide(false)}>
      <h2 id="leaving-title">{t("leaving.title")}</h2>
      <ul class="rows tight">
        {lessons.map((lesson) => (
          <li key={lesson.recording}>
            <strong>{t(lesson.recordingNow ? "leaving.recording" : "leaving.one",
              { title: lesson.title, name: lesson.personName })}</strong>
            <p class="sm muted">{amounts(lesson)}</p>
          </li>
        ))}
      </ul>
      <p>{t("leaving.goes_on")}</p>
      <div class="actions">
        <button class="button primary" type="button" onClick={() => decide(false)}>{t("leaving.stay")}</button>
        <button class="button" type="button" onClick={() => decide(true)}>{t("leaving.leave")}</button>
      </div>
    </dialog>
  );
}
