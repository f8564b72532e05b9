// Who may see the recording, as what, and until when.

import { useSignal } from "@preact/signals";

import { request } from "../lib/api";
import { t } from "../lib/messages";
import { Dialog } from "./dialog";
import type { Room } from "./room";
import { endOfDay, dayOf, sentenceOf } from "./said";
import type { Share } from "./types";

export function SharePanel({ room }: { room: Room }) {
  const failure = useSignal("");
  const busy = useSignal(false);
  const shares = room.shares.value;
  const shared = new Set(shares.map(({ user }) => user.id));
  const others = room.boot.members.filter(({ id }) => !shared.has(id));

  const attempt = async (act: () => Promise<void>) => {
    busy.value = true;
    failure.value = "";
    try {
      await act();
    } catch (cause) {
      failure.value = sentenceOf(cause);
    }
    busy.value = false;
  };

  const share = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const until = String(data.get("until"));
    void attempt(async () => {
      const made = await request<Share>("POST", room.path("shares"), {
        body: {
          user_id: data.get("user"),
          access: data.get("access"),
          ...(until && { until: endOfDay(until) }),
        },
      });
      room.shares.value = [...room.shares.value.filter(({ user }) => user.id !== made.user.id), made];
      room.say(t("room.shared_with", { name: made.user.name }));
      form.reset();
    });
  };

  const remove = ({ user }: Share) =>
    attempt(async () => {
      await request("DELETE", room.path(`shares/${user.id}`));
      room.shares.value = room.shares.value.filter((other) => other.user.id !== user.id);
      room.say(t("room.unshared", { name: user.name }));
    });

  return (
    <Dialog title={t("room.share_title")} close={() => room.open("")}>
      <p class="muted sm">{t("room.share_hint")}</p>
      {shares.length > 0 ? (
        <ul class="share-list">
          {shares.map((share) => (
            <li key={share.user.id}>
              <span>
                <b>{share.user.name}</b>
                <span class="muted sm">
                  {t(`access.${share.access}`)}
                  {share.until && `, ${t("room.until", { day: dayOf(share.until) })}`}
                </span>
              </span>
              <button
                type="button"
                class="button small"
                disabled={busy.value}
                onClick={() => void remove(share)}
              >
                {t("room.remove")}
                <span class="visually-hidden"> {share.user.name}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="sm">{t("room.shared_nobody")}</p>
      )}
      {others.length > 0 ? (
        <form class="form" onSubmit={share}>
          <div class="field">
            <label for="share-user">{t("room.share_person")}</label>
            <select class="input" id="share-user" name="user" required>
              {others.map((member) => (
                <option value={member.id} key={member.id}>
                  {member.name} ({t(`role.${member.role}`)})
                </option>
              ))}
            </select>
          </div>
          <div class="row">
            <div class="field">
              <label for="share-access">{t("room.share_access")}</label>
              <select class="input" id="share-access" name="access">
                <option value="viewer">{t("access.viewer")}</option>
                <option value="reviewer">{t("access.reviewer")}</option>
              </select>
            </div>
            <div class="field">
              <label for="share-until">{t("room.share_until")}</label>
              <input class="input" id="share-until" name="until" type="date" />
            </div>
          </div>
          {failure.value && (
            <p class="notice bad" role="alert">
              {failure}
            </p>
          )}
          <div class="actions">
            <button type="submit" class="button primary" disabled={busy.value}>
              {t("room.share_add")}
            </button>
          </div>
        </form>
      ) : (
        <p class="muted sm">{t("room.share_no_one")}</p>
      )}
    </Dialog>
  );
}
