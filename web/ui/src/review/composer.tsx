// Where feedback is written. The first letter pauses the video and pins the time; posting goes on
// where it was. What is typed is kept in the browser until the server has it.

import { useEffect, useRef, useState } from "preact/hooks";

import { parseStamp, stamp } from "../lib/clock";
import { Icon } from "../lib/icon";
import { t } from "../lib/messages";
import { AreaField, KindField } from "./fields";
import type { Room } from "./room";
import type { Composition } from "./composition";

export function Composer({ room }: { room: Room }) {
  const { composition } = room;
  const box = useRef<HTMLTextAreaElement>(null);
  // On a phone the composer is one line until it is used.
  const [open, setOpen] = useState(false);

  useEffect(() => room.on("compose", () => box.current?.focus()), []);

  const post = (event?: Event) => {
    event?.preventDefault();
    if (!composition.post()) box.current?.focus();
    else leave();
  };
  const leave = () => {
    box.current?.blur();
    setOpen(false);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) post(event);
    if (event.key === "Escape") {
      event.stopPropagation();
      composition.cancel();
      leave();
    }
  };
  const draft = composition.draft.value;
  return (
    <form
      class={open || draft.text !== "" ? "composer open" : "composer"}
      onSubmit={post}
      onKeyDown={key}
      onFocusIn={() => setOpen(true)}
      aria-label={t("room.composer")}
    >
      <div class="when-open">
        <Moment composition={composition} />
      </div>
      <div class="when-open">
        <KindField name="kind" value={draft.kind} set={(kind) => composition.change({ kind })} />
      </div>
      <label class="visually-hidden" for="composer-text">
        {t("room.feedback")}
      </label>
      <textarea
        id="composer-text"
        class="box"
        ref={box}
        rows={2}
        maxLength={4000}
        placeholder={t("room.placeholder")}
        value={draft.text}
        aria-invalid={composition.lacksText.value}
        aria-describedby={composition.lacksText.value ? "composer-error" : undefined}
        onInput={(event) => composition.type(event.currentTarget.value)}
      />
      {composition.lacksText.value && (
        <p class="error sm" id="composer-error" role="alert">
          {t("room.write_first")}
        </p>
      )}
      <div class="when-open">
        <AreaField
          room={room}
          value={draft.target_area_ids}
          toggle={(id) => composition.toggleArea(id)}
        />
      </div>
      <div class="row when-open">
        <label class="check sm">
          <input
            type="checkbox"
            checked={draft.visibility === "private"}
            onChange={(event) =>
              composition.change({
                visibility: event.currentTarget.checked ? "private" : "shared",
              })
            }
          />
          {t("room.only_me")}
        </label>
        <span class="bar-space" />
        <button type="submit" class="button primary" aria-keyshortcuts="Control+Enter">
          {t("room.add_feedback")}
        </button>
      </div>
    </form>
  );
}

/** The moment that is written about: it follows the video until something is typed. */
function Moment({ composition }: { composition: Composition }) {
  const { start_ms, end_ms } = composition.moment.value;
  const pinned = composition.pinned.value;
  const range = end_ms > start_ms;
  // While the video plays the moment changes many times a second: not under who types another.
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <div class="row moment">
      <label class="sm" for="composer-time">
        {t("room.at")}
        <span class="visually-hidden"> ({t("room.time_typed")})</span>
      </label>
      <input
        id="composer-time"
        class="time moment-typed"
        inputMode="numeric"
        autocomplete="off"
        value={typed ?? stamp(start_ms)}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={(event) => {
          const ms = parseStamp(event.currentTarget.value);
          if (ms !== null) composition.pinAt(ms);
        }}
        onBlur={() => setTyped(null)}
      />
      <span class="time">{range && `–${stamp(end_ms)}`}</span>
      <TimeButton label="room.set_start" keys="I" act={() => composition.setStart()} />
      <TimeButton label="room.set_end" keys="O" act={() => composition.setEnd()} />
      {(range || pinned) && (
        <button
          type="button"
          class="button quiet small"
          aria-label={t(range ? "room.clear_range" : "room.unpin")}
          title={t(range ? "room.clear_range" : "room.unpin")}
          onClick={() => composition.unpin()}
        >
          <Icon name="x" />
        </button>
      )}
    </div>
  );
}

function TimeButton(props: { label: string; keys: string; act: () => void }) {
  return (
    <button
      type="button"
      class="button quiet small"
      aria-keyshortcuts={props.keys}
      onClick={props.act}
    >
      {t(props.label)} <kbd aria-hidden="true">{props.keys}</kbd>
    </button>
  );
}
