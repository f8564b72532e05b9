// Marking moments on the page that records: a button, a key, and a code for the phone. The page
// mounts <MarkMoment lesson={recorder} person={…} /> beside what it shows during a lesson.

import type { ReadonlySignal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { stamp } from "../lib/clock";
import { t } from "../lib/messages";
import { openShelf } from "../lib/outbox";
import { MomentOutbox } from "./outbox";
import { PhoneCode } from "./phone-code";
import "./moments.css";

/** What marking needs of a lesson under way. */
export interface MarkedLesson {
  readonly phase: ReadonlySignal<string>;
  readonly lesson: ReadonlySignal<{ recording: string } | null>;
  readonly elapsed: ReadonlySignal<number>;
  /** Brings elapsed up to date. */
  readClock(): void;
}

/** How long a mark can be taken back. */
const undoMS = 10_000;
const keySetting = "backrow:moments:key";

interface Marked {
  id: string;
  atMS: number;
}

export function MarkMoment({ lesson, person }: { lesson: MarkedLesson; person: string }) {
  const outbox = useOutbox(person);
  const last = useSignal<Marked | null>(null);
  const undone = useSignal(false);
  const count = useSignal(0);
  const byKey = useSignal(keyWanted());
  const recording = lesson.lesson.value?.recording ?? "";
  const running = lesson.phase.value === "recording";

  const mark = async () => {
    const box = outbox.value;
    if (!box || !running || !recording) return;
    lesson.readClock();
    const atMS = lesson.elapsed.value;
    const id = await box.mark(recording, atMS);
    last.value = { id, atMS };
    undone.value = false;
    count.value++;
  };
  const undo = async () => {
    const marked = last.value;
    if (!marked) return;
    last.value = null;
    undone.value = true;
    count.value--;
    await outbox.value?.undo(recording, marked.id);
  };
  useKey("m", byKey.value && running, () => void mark());
  useEffect(() => {
    if (!last.value) return;
    const timer = setTimeout(() => (last.value = null), undoMS);
    return () => clearTimeout(timer);
  }, [last.value]);
  if (!running && lesson.phase.value !== "paused") return null;

  const keep = (event: Event) => {
    byKey.value = (event.currentTarget as HTMLInputElement).checked;
    try {
      localStorage.setItem(keySetting, byKey.value ? "on" : "off");
    } catch {
      // A private window: it holds as long as the page.
    }
  };
  return (
    <section class="moments" aria-label={t("moments.title")}>
      <div class="moments-line">
        <button type="button" class="button" disabled={!running} onClick={() => void mark()}
          aria-keyshortcuts={byKey.value ? "M" : undefined}>
          {t("moments.mark")}
          {byKey.value && <kbd aria-hidden="true">M</kbd>}
        </button>
        {count.value > 0 && <span class="muted sm">{t("moments.count", { count: count.value })}</span>}
      </div>
      <p class="moments-said sm">
        <span role="status">{said(last.value, undone.value, outbox.value)}</span>
        {last.value && (
          <button type="button" class="button quiet" onClick={() => void undo()}>{t("moments.undo")}</button>
        )}
        {!last.value && !undone.value && <span class="muted">{t("moments.mark_hint")}</span>}
      </p>
      <details class="moments-more">
        <summary>{t("moments.phone")}</summary>
        <PhoneCode lesson={lesson} />
        <label class="check sm">
          <input type="checkbox" checked={byKey.value} onChange={keep} />
          {t("moments.key")}
        </label>
      </details>
    </section>
  );
}

function keyWanted(): boolean {
  try {
    return localStorage.getItem(keySetting) !== "off";
  } catch {
    return true;
  }
}

function said(marked: Marked | null, undone: boolean, outbox: MomentOutbox | null): string {
  if (!marked) return undone ? t("moments.undone") : "";
  const offline = outbox !== null && !navigator.onLine &&
    outbox.waiting.value.some(({ write }) => write.id === marked.id);
  return t(offline ? "moments.kept" : "moments.marked", { time: stamp(marked.atMS) });
}

function useOutbox(person: string) {
  const outbox = useSignal<MomentOutbox | null>(null);
  useEffect(() => {
    let over = false;
    const online = () => outbox.value?.hurry();
    void openShelf().then((shelf) => {
      if (over) return;
      outbox.value = new MomentOutbox(shelf, person, t("moments.text"));
      void outbox.value.begin();
    });
    addEventListener("online", online);
    return () => {
      over = true;
      removeEventListener("online", online);
      outbox.value?.close();
    };
  }, [person]);
  return outbox;
}

/** Acts on a key where nothing is being typed. */
function useKey(key: string, on: boolean, act: () => void): void {
  useEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.toLowerCase() !== key || isTyping(event.target)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
      !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type));
}
