// All keys, and what can be set about the room.

import { t } from "../lib/messages";
import { Dialog } from "./dialog";
import { keyTable } from "./keys";
import type { Room } from "./room";

const writingKeys = new Set(["room.key_compose", "room.key_range", "room.key_kind", "room.key_area", "room.key_post"]);

export function KeysPanel({ room }: { room: Room }) {
  const { preferences } = room;
  const annotates = room.may.value.annotate;
  return (
    <Dialog title={t("room.keys")} close={() => room.open("")}>
      <dl class="keys">
        {keyTable
          .filter(([, label]) => annotates || !writingKeys.has(label))
          .filter(([, label]) => label !== "room.key_screen" || room.screen.value)
          .map(([keys, label]) => (
            <div key={label}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{t(label)}</dd>
            </div>
          ))}
      </dl>
      <div class="settings">
        {annotates && (
          <label class="check">
            <input
              type="checkbox"
              checked={preferences.pauseWhileTyping.value}
              onChange={(event) =>
                (preferences.pauseWhileTyping.value = event.currentTarget.checked)
              }
            />
            {t("room.pause_while_typing")}
          </label>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={preferences.theme.value === "light"}
            onChange={(event) =>
              (preferences.theme.value = event.currentTarget.checked ? "light" : "dark")
            }
          />
          {t("room.light_room")}
        </label>
      </div>
    </Dialog>
  );
}
