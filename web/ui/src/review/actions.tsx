// What can be done with the recording as a whole: the buttons at the top of the room.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../lib/icon";
import { t } from "../lib/messages";
import type { Room } from "./room";

export function Actions({ room }: { room: Room }) {
  const may = room.may.value;
  const own = room.ownReview.value;
  const files = room.files.items.value.filter(({ state }) => state !== "refused").length;
  return (
    <>
      {may.report && <ReportMenu room={room} />}
      {(may.attach || files > 0) && (
        <button type="button" class="button" onClick={() => room.open("files")}>
          {t("files.open")}
          {files > 0 && ` (${files})`}
        </button>
      )}
      {may.share && (
        <button type="button" class="button" onClick={() => room.open("share")}>
          {t("room.share")}
        </button>
      )}
      {may.request_review && (
        <button type="button" class="button primary" onClick={() => room.open("request")}>
          {t("room.request_review")}
        </button>
      )}
      {may.delete && (
        <button
          type="button"
          class="button danger icon-only"
          aria-label={t("room.delete_recording")}
          title={t("room.delete_recording")}
          onClick={() => room.open("delete")}
        >
          <Icon name="trash" />
        </button>
      )}
      {own && own.state !== "returned" && own.state !== "answered" && (
        <button type="button" class="button primary" onClick={() => room.open("return")}>
          {t("room.return_review")}
        </button>
      )}
    </>
  );
}

function ReportMenu({ room }: { room: Room }) {
  const open = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const away = (event: Event) => {
      if (!root.current!.contains(event.target as Node)) open.value = false;
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, []);
  const mp4 = room.may.value.download && room.renditions.value.has("mp4");
  return (
    <div
      class="menu"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open.value) return;
        event.stopPropagation();
        open.value = false;
        root.current!.querySelector("button")!.focus();
      }}
    >
      <button
        type="button"
        class="button"
        aria-expanded={open.value}
        aria-controls="report-menu"
        onClick={() => (open.value = !open.value)}
      >
        <Icon name="download" />
        {t("room.download_report")}
      </button>
      <div
        class="menu-items"
        id="report-menu"
        hidden={!open.value}
        onClick={() => (open.value = false)}
      >
        <a href={room.path("report.pdf")} download>
          {t("room.report_pdf")}
        </a>
        <a href={room.path("report.csv")} download>
          {t("room.report_csv")}
        </a>
        {mp4 && (
          <a href={room.path("renditions/mp4")} download>
            {t("room.download_mp4")}
          </a>
        )}
      </div>
    </div>
  );
}
