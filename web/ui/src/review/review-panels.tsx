// Asking an instructor for a review, and giving one's own back.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import { request } from "../lib/api";
import { t } from "../lib/messages";
import { newID } from "../lib/uuid";
import { Dialog } from "./dialog";
import type { Room } from "./room";
import { sentenceOf } from "./said";
import type { Review } from "./types";

export function RequestPanel({ room }: { room: Room }) {
  const failure = useSignal("");
  const busy = useSignal(false);
  const id = useRef(newID());
  const asked = new Map(room.reviews.value.map((review) => [review.instructor.id, review]));
  const instructors = room.boot.members.filter(({ role }) => role !== "teacher");

  const ask = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const day = String(data.get("promised_for"));
    busy.value = true;
    try {
      const review = await request<Review>("POST", room.path("reviews"), {
        body: {
          id: id.current,
          instructor_id: data.get("instructor"),
          ...(day && { promised_for: day }),
        },
      });
      room.reviewed(review);
      room.tell(t("room.review_requested", { name: review.instructor.name }));
      room.open("");
    } catch (cause) {
      failure.value = sentenceOf(cause);
    }
    busy.value = false;
  };

  return (
    <Dialog title={t("room.request_review")} close={() => room.open("")}>
      <p class="muted sm">{t("room.request_hint")}</p>
      {instructors.length === 0 ? (
        <p class="sm">{t("room.request_no_one")}</p>
      ) : (
        <form class="form" onSubmit={(event) => void ask(event)}>
          <fieldset class="field">
            <legend>{t("room.request_whom")}</legend>
            {instructors.map((member, i) => (
              <label class="check" key={member.id}>
                <input
                  type="radio"
                  name="instructor"
                  value={member.id}
                  required
                  defaultChecked={i === 0}
                />
                <span>
                  {member.name}
                  {member.paired && <span class="muted sm"> {t("room.your_instructor")}</span>}
                  {asked.has(member.id) && (
                    <span class="muted sm"> {t(`review.${asked.get(member.id)!.state}`)}</span>
                  )}
                </span>
              </label>
            ))}
          </fieldset>
          <div class="field">
            <label for="promised-for">{t("room.promised_for")}</label>
            <input class="input" id="promised-for" name="promised_for" type="date" />
            <span class="hint">{t("room.promised_hint")}</span>
          </div>
          {failure.value && (
            <p class="notice bad" role="alert">
              {failure}
            </p>
          )}
          <div class="actions">
            <button type="submit" class="button primary" disabled={busy.value}>
              {t("room.request_send")}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

export function ReturnPanel({ room, review }: { room: Room; review: Review }) {
  const failure = useSignal("");
  const busy = useSignal(false);
  const mine = room.shown.value.filter(({ author }) => author.id === room.boot.me.id);

  const give = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    busy.value = true;
    try {
      const returned = await request<Review>("POST", room.path(`reviews/${review.id}/return`), {
        body: { version: review.version, summary: String(data.get("summary")) },
      });
      room.reviewed(returned);
      room.tell(t("room.review_returned", { name: room.boot.recording.owner.name }));
      room.open("");
    } catch (cause) {
      failure.value = sentenceOf(cause);
    }
    busy.value = false;
  };

  return (
    <Dialog title={t("room.return_review")} close={() => room.open("")}>
      <p class="muted sm">
        {t("room.return_hint", { name: room.boot.recording.owner.name, count: mine.length })}
      </p>
      <form class="form" onSubmit={(event) => void give(event)}>
        <div class="field">
          <label for="summary">{t("room.summary")}</label>
          <textarea class="input" id="summary" name="summary" rows={6} maxLength={10_000}>
            {review.summary}
          </textarea>
          <span class="hint">{t("room.summary_hint")}</span>
        </div>
        {failure.value && (
          <p class="notice bad" role="alert">
            {failure}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy.value}>
            {t("room.return_send")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
