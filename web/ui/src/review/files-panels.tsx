// The files that go with the recording, and the end of the recording.

import { useSignal } from "@preact/signals";

import { FileList } from "../attachments/file-list";
import { request } from "../lib/api";
import { t } from "../lib/messages";
import { Dialog } from "./dialog";
import type { Room } from "./room";
import { sentenceOf } from "./said";

export function FilesPanel({ room }: { room: Room }) {
  return (
    <Dialog title={t("files.open")} close={() => room.open("")}>
      <FileList files={room.files} change={room.may.value.attach} />
    </Dialog>
  );
}

/** What cannot be undone asks for the name of the thing. */
export function DeletePanel({ room }: { room: Room }) {
  const { title } = room.boot.recording;
  const failure = useSignal("");
  const busy = useSignal(false);
  const remove = async (event: SubmitEvent) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget as HTMLFormElement).get("title"));
    if (typed.trim() !== title.trim()) {
      failure.value = t("room.delete_wrong");
      return;
    }
    busy.value = true;
    try {
      await request("DELETE", `/api/recordings/${room.boot.recording.id}`);
      location.assign("/");
    } catch (cause) {
      failure.value = sentenceOf(cause);
      busy.value = false;
    }
  };
  return (
    <Dialog title={t("room.delete_title", { title })} close={() => room.open("")}>
      <p class="sm">{t("room.delete_more")}</p>
      <form class="form" onSubmit={(event) => void remove(event)}>
        <div class="field">
          <label for="delete-name">{t("room.delete_type")}</label>
          <input class="input" id="delete-name" name="title" required autocomplete="off" placeholder={title} />
        </div>
        {failure.value && (
          <p class="notice bad" role="alert">
            {failure}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button danger" disabled={busy.value}>
            {t("room.delete_recording")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
