// What the room has to say about itself: how the work on the recording goes, what could not be
// played, whether there is a connection, and what can be undone.

import { Icon } from "../lib/icon";
import { has, t } from "../lib/messages";
import type { Room } from "./room";

/** Over the video: why it does not play. */
export function PlayerNotice({ room }: { room: Room }) {
  const { failure } = room.player;
  if (failure.value === "") return null;
  return (
    <div class="player-notice" role="alert">
      <p>{t(failure.value === "refused" ? "room.play_refused" : "room.play_failed")}</p>
      <button type="button" class="button" onClick={() => room.reload()}>
        {t("room.try_again")}
      </button>
    </div>
  );
}

/** The summaries of the reviews that have come back, before everything else. */
export function Summaries({ room }: { room: Room }) {
  const returned = room.reviews.value.filter(({ returned_at, summary }) => returned_at && summary);
  return (
    <>
      {returned.map((review) => (
        <section class="summary" key={review.id}>
          <h2 class="sm">{t("room.summary_from", { name: review.instructor.name })}</h2>
          <p>{review.summary}</p>
          {room.may.value.answer && review.state === "returned" && (
            <button type="button" class="button small" onClick={() => void room.answer(review)}>
              {t("room.answer")}
            </button>
          )}
          {review.state === "answered" && <p class="muted xs">{t("review.answered")}</p>}
        </section>
      ))}
    </>
  );
}

/** Under the video, while the recording is worked on. */
export function ProcessingLine({ room }: { room: Room }) {
  const processing = room.processing.value;
  if (room.state.value === "finishing") {
    return <p class="processing sm muted">{t("room.finishing")}</p>;
  }
  if (processing.state === "none" || processing.state === "done") return null;
  if (processing.state === "failed") {
    return (
      <div class="processing sm">
        <span>
          {t("room.processing_failed")} {processing.reason}
        </span>
        {room.may.value.retry && (
          <button type="button" class="button small" onClick={() => void room.retryProcessing()}>
            {t("room.try_again")}
          </button>
        )}
      </div>
    );
  }
  const step = `step.${processing.step}`;
  const left = Math.ceil(processing.left_seconds);
  return (
    <div class="processing sm muted">
      <span>
        {t(processing.state === "queued" ? "room.processing_queued" : "room.processing")}
        {processing.step && has(step) && ` ${t(step)}`}
      </span>
      <progress
        max={100}
        value={processing.state === "queued" ? undefined : processing.percent}
        aria-label={t("room.processing")}
      />
      <span class="time">
        {processing.state === "running" && `${processing.percent} %`}
        {left > 0 && ` · ${left < 90 ? t("room.left_seconds", { count: left }) : t("room.left_minutes", { count: Math.round(left / 60) })}`}
      </span>
    </div>
  );
}

/** Above the composer, while what is written cannot be sent. */
export function ConnectionLine({ room }: { room: Room }) {
  const state = room.connection.value;
  const waiting = room.entries.value.filter((entry) => !entry.refused).length;
  const kept = waiting > 0 ? ` ${t("room.kept", { count: waiting })}` : "";
  const shown = room.offline.value && (state === "live" || state === "connecting") ? "away" : state;
  switch (shown) {
    case "signed_out":
      return (
        <p class="connection sm">
          <span>
            {t("room.signed_out")}
            {kept}
          </span>
          <a
            class="button small"
            href={`/login?next=${encodeURIComponent(location.pathname + location.search)}`}
          >
            {t("room.sign_in")}
          </a>
        </p>
      );
    case "gone":
    case "forbidden":
      return <p class="connection sm">{t("room.gone")}</p>;
    case "away":
      return (
        <p class="connection sm">
          <Icon name="wifi-off" />
          <span>
            {t(room.offline.value ? "room.offline" : "room.reconnecting")}
            {kept}
          </span>
        </p>
      );
  }
  return null;
}

/** What the server would not take: kept until the person has decided. */
export function Refused({ room }: { room: Room }) {
  const refused = room.refused.value;
  if (refused.length === 0) return null;
  return (
    <ul class="refused">
      {refused.map((entry) => {
        const mine = typeof entry.write["text"] === "string" ? entry.write["text"] : "";
        const current = entry.refused!.current as { text?: string } | undefined;
        return (
          <li key={entry.n} class="sm">
            <p>{entry.refused!.message || t("room.refused")}</p>
            {mine && (
              <p>
                <b>{t("room.yours")}</b> {mine}
              </p>
            )}
            {current?.text && (
              <p>
                <b>{t("room.theirs")}</b> {current.text}
              </p>
            )}
            <div class="row">
              <button type="button" class="button small" onClick={() => void room.again(entry)}>
                {t(current?.text ? "room.keep_yours" : "room.try_again")}
              </button>
              <button
                type="button"
                class="button quiet small"
                onClick={() => void room.courier.drop(entry.n)}
              >
                {t(current?.text ? "room.keep_theirs" : "room.drop")}
              </button>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** What has just been done, with its undo. */
export function Toast({ room }: { room: Room }) {
  const toast = room.toast.value;
  return (
    <div class="toast-frame" role="status">
      {toast && (
        <div
          class="toast"
          onMouseEnter={() => room.holdToast(true)}
          onMouseLeave={() => room.holdToast(false)}
          onFocusIn={() => room.holdToast(true)}
          onFocusOut={() => room.holdToast(false)}
        >
          <span>{toast.text}</span>
          {toast.undo && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                toast.undo!();
                room.toast.value = null;
              }}
            >
              <Icon name="undo" />
              {t("room.undo")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** What is only heard. */
export function Announcer({ room }: { room: Room }) {
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {room.said}
    </p>
  );
}
