// The files that go with a lesson, as a list: chosen or dropped, on their way, there, removed.

import "./attachments.css";

import { useSignal } from "@preact/signals";

import { locale, t } from "../lib/messages";
import { type Files, type Item, maxBytes, maxFiles } from "./files";

export function FileList({ files, change }: { files: Files; change: boolean }) {
  const over = useSignal(false);
  const said = useSignal("");
  const add = (chosen: Iterable<File>) => {
    const list = [...chosen];
    if (list.length === 0) return;
    said.value = t("files.added", { count: list.length });
    void files.add(list, (_, why) =>
      t(`files.too_${why}`, { size: sizeOf(maxBytes), count: maxFiles }));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    over.value = false;
    add(event.dataTransfer?.files ?? []);
  };
  const items = files.items.value;
  const removed = files.removed.value;
  return (
    <div class="files" data-over={over.value ? "" : undefined}
      {...(change && {
        onDragOver: (event: DragEvent) => {
          event.preventDefault();
          over.value = true;
        },
        onDragLeave: () => (over.value = false),
        onDrop: drop,
      })}>
      {items.length > 0 ? (
        <ul class="file-list">{items.map((item) => <Row key={item.id} files={files} item={item} change={change} />)}</ul>
      ) : <p class="muted sm">{t(change ? "files.hint" : "files.none")}</p>}
      {removed && (
        <p class="files-removed sm" role="status">
          {t("files.removed", { name: removed.name })}
          <button type="button" class="button quiet" onClick={() => files.undo()}>{t("files.undo")}</button>
        </p>
      )}
      {change && (
        <label class="button files-add">
          {t("files.add")}
          <input class="visually-hidden" type="file" multiple onChange={(event) => {
            const input = event.currentTarget;
            add(input.files ?? []);
            input.value = "";
          }} />
        </label>
      )}
      <p class="visually-hidden" role="status">{said}</p>
    </div>
  );
}

function Row({ files, item, change }: { files: Files; item: Item; change: boolean }) {
  const percent = Math.round(item.share * 100);
  return (
    <li>
      <span class="file-name">
        {item.state === "there" && files.recording !== "" ? (
          <a href={`/api/recordings/${files.recording}/attachments/${item.id}`} download={item.name}>{item.name}</a>
        ) : item.name}
        <span class="muted xs"> {sizeOf(item.bytes)}</span>
        {item.state === "waiting" && <span class="muted xs block">{t(files.recording ? "files.waiting" : "files.later")}</span>}
        {item.state === "sending" && (
          <progress max={100} value={percent} aria-label={t("files.sending", { name: item.name })} />
        )}
        {item.state === "refused" && <span class="file-refused sm block" role="alert">{item.sentence || t("files.failed")}</span>}
      </span>
      {change && (
        <button type="button" class="button quiet" onClick={() => void files.remove(item)}>
          {t("files.remove")}<span class="visually-hidden"> {item.name}</span>
        </button>
      )}
    </li>
  );
}

/** 1.4 MB, in the reader's words. */
export function sizeOf(bytes: number): string {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, maximumSignificantDigits: 2 })
    .format(Math.max(value, 1));
}
