// Removing a lesson that is nowhere else asks for its title.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../lib/messages";
import { discard, unsent } from "../local";
import type { UnsentLesson } from "../local";
import { size } from "./amounts";

/** What somebody types is the title, however they space it or write its capitals. */
export function same(typed: string, title: string): boolean {
  const plain = (text: string) => text.normalize("NFKC").trim().replace(/\s+/g, " ").toLocaleLowerCase();
  return plain(typed) === plain(title);
}

interface Props {
  lesson: UnsentLesson;
  done: (removed: boolean) => void;
}

export function Removing({ lesson, done }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useSignal("");
  const busy = useSignal(false);
  const failed = useSignal(false);
  useEffect(() => dialog.current?.showModal(), []);
  const remove = async (event: Event) => {
    event.preventDefault();
    if (busy.value || !same(typed.value, lesson.title)) return;
    busy.value = true;
    failed.value = false;
    try {
      await discard(lesson.recording);
      if (!(await unsent()).some(({ recording }) => recording === lesson.recording)) return done(true);
    } catch {
      // told below
    }
    failed.value = true;
    busy.value = false;
  };
  return (
    <dialog ref={dialog} class="asking" aria-labelledby="removing-title" onClose={() => done(false)}>
      <h2 id="removing-title">{t("unsent.remove_title", { title: lesson.title })}</h2>
      <p>{t("unsent.remove_more", { size: size(lesson.bytesLeft) })}</p>
      <form class="form" onSubmit={(event) => void remove(event)}>
        <div class="field">
          <label for="removing-lesson">{t("unsent.remove_confirm", { title: lesson.title })}</label>
          <input class="input" id="removing-lesson" autocomplete="off" value={typed.value}
            onInput={(event) => { typed.value = event.currentTarget.value; }} />
        </div>
        {failed.value && <p class="notice bad" role="alert">{t("unsent.remove_failed")}</p>}
        <div class="actions">
          <button class="button primary" type="button" onClick={() => done(false)}>{t("unsent.keep")}</button>
          <button class="button danger" type="submit" disabled={busy.value || !same(typed.value, lesson.title)}>
            {t("unsent.remove_now")}</button>
        </div>
      </form>
    </dialog>
  );
}
