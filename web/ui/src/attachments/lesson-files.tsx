// Files beside a lesson that is about to be recorded, or is: the page that records mounts
// <LessonFiles lesson={recorder} person={…} /> before and during it. Both are one list.

import type { ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { t } from "../lib/messages";
import { FileList } from "./file-list";
import { Files } from "./files";
import { openFileShelf } from "./shelf";

export interface FiledLesson {
  readonly phase: ReadonlySignal<string>;
  readonly lesson: ReadonlySignal<{ recording: string } | null>;
}

const known = new WeakMap<FiledLesson, Files>();

function filesOf(lesson: FiledLesson, person: string): Files {
  let files = known.get(lesson);
  if (!files) {
    files = new Files("", person, openFileShelf());
    known.set(lesson, files);
    void files.begin();
    addEventListener("online", () => files!.hurry());
    addEventListener("pagehide", () => files!.settle());
  }
  return files;
}

export function LessonFiles({ lesson, person }: { lesson: FiledLesson; person: string }) {
  const files = filesOf(lesson, person);
  const phase = lesson.phase.value;
  const recording = phase === "recording" || phase === "paused" ? (lesson.lesson.value?.recording ?? "") : "";
  useEffect(() => void files.attachTo(recording), [recording]);
  return (
    <details class="lesson-files">
      <summary>
        {t("files.title")}
        {files.items.value.length > 0 && <span class="muted"> ({files.items.value.length})</span>}
      </summary>
      <FileList files={files} change />
    </details>
  );
}
