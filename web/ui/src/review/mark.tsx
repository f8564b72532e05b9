// One mark of the list, with its thread. It is drawn again only when the mark itself changes.

import { Component } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { span, spoken } from "../lib/clock";
import { Icon } from "../lib/icon";
import { locale, t } from "../lib/messages";
import { AreaField, KindField } from "./fields";
import type { Shown, ShownReply } from "./marks";
import type { Room } from "./room";
import { KindShape } from "./shapes";
import type { Draft } from "./types";

export class Mark extends Component<{ room: Room; mark: Shown }> {
  override shouldComponentUpdate(next: Readonly<{ mark: Shown }>): boolean {
    return next.mark !== this.props.mark;
  }

  override render() {
    const { room, mark } = this.props;
    return (
      <li class="mark" id={`mark-${mark.id}`} data-id={mark.id}>
        <MarkBody room={room} mark={mark} />
      </li>
    );
  }
}

function MarkBody({ room, mark }: { room: Room; mark: Shown }) {
  const [open, setOpen] = useState<"" | "edit" | "reply">("");
  const mine = mark.author.id === room.boot.me.id;
  if (open === "edit") return <Editor room={room} mark={mark} done={() => setOpen("")} />;
  return (
    <>
      <KindShape kind={mark.kind} />
      <div class="mark-meta">
        <button
          type="button"
          class="mark-time time"
          title={t("room.go_to", { time: spoken(mark.start_ms, locale()) })}
          onClick={() => room.go(mark)}
        >
          {span(mark.start_ms, mark.end_ms)}
        </button>
        <b class={`sm kind-${mark.kind}`}>{t(`kind.${mark.kind}`)}</b>
        <AreaChips room={room} ids={mark.target_area_ids} />
        {mark.visibility !== "shared" && (
          <span class="muted xs private">
            <Icon name="lock" />
            {t("room.only_you")}
          </span>
        )}
        {mark.waiting && <span class="waiting xs">{t("room.not_sent")}</span>}
      </div>
      {/* The whole text goes there by pointer; by keyboard it is the time's button. */}
      <p class="mark-text" onClick={() => getSelection()?.isCollapsed && room.go(mark)}>
        {mark.text}
      </p>
      <div class="mark-foot">
        <span class="muted xs">{mark.author.name}</span>
        {room.may.value.reply && (
          <Action label="room.reply" mark={mark} act={() => setOpen(open === "reply" ? "" : "reply")} />
        )}
        {mine && <Action label="room.edit" mark={mark} act={() => setOpen("edit")} />}
        {mine && <Action label="room.delete" mark={mark} act={() => room.remove(mark)} />}
      </div>
      {mark.replies.length > 0 && (
        <ul class="replies">
          {mark.replies.map((reply) => (
            <ReplyItem key={reply.id} room={room} reply={reply} />
          ))}
        </ul>
      )}
      {open === "reply" && (
        <TextForm
          label={t("room.your_reply")}
          submit={t("room.send_reply")}
          start=""
          done={(text) => {
            if (text) room.reply(mark, text);
            setOpen("");
          }}
        />
      )}
    </>
  );
}

/** A quiet button whose name says which mark it is about, for those who hear it alone. */
function Action(props: { label: string; mark: Shown; act: () => void }) {
  const about = span(props.mark.start_ms, props.mark.end_ms);
  return (
    <button type="button" class="link xs" onClick={props.act}>
      {t(props.label)}
      <span class="visually-hidden">{` (${about})`}</span>
    </button>
  );
}

function AreaChips({ room, ids }: { room: Room; ids: readonly string[] }) {
  return (
    <>
      {ids.map((id) => {
        const area = room.areas.get(id);
        return (
          area && (
            <span class="chip" key={id} title={area.goal}>
              <i data-hue={area.hue} />
              {area.name}
            </span>
          )
        );
      })}
    </>
  );
}

function ReplyItem({ room, reply }: { room: Room; reply: ShownReply }) {
  const [editing, setEditing] = useState(false);
  const mine = reply.author.id === room.boot.me.id;
  if (editing) {
    return (
      <li class="reply">
        <TextForm
          label={t("room.your_reply")}
          submit={t("room.save")}
          start={reply.text}
          done={(text) => {
            if (text && text !== reply.text) room.editReply(reply.id, reply.version, text);
            setEditing(false);
          }}
        />
      </li>
    );
  }
  return (
    <li class="reply">
      <b>{reply.author.name}</b> <span class="reply-text">{reply.text}</span>
      {reply.waiting && <span class="waiting xs"> {t("room.not_sent")}</span>}
      {mine && (
        <span class="mark-foot">
          <button type="button" class="link xs" onClick={() => setEditing(true)}>
            {t("room.edit")}
            <span class="visually-hidden">{` (${t("room.your_reply")})`}</span>
          </button>
          <button
            type="button"
            class="link xs"
            onClick={() => room.removeReply(reply.id, reply.version)}
          >
            {t("room.delete")}
            <span class="visually-hidden">{` (${t("room.your_reply")})`}</span>
          </button>
        </span>
      )}
    </li>
  );
}

/** A text to write and send. done gets "" when it was cancelled. */
function TextForm(props: {
  label: string;
  submit: string;
  start: string;
  done: (text: string) => void;
}) {
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  const post = (event: Event) => {
    event.preventDefault();
    const text = box.current!.value.trim();
    if (text === "") box.current!.focus();
    else props.done(text);
  };
  return (
    <form
      class="text-form"
      onSubmit={post}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) post(event);
        if (event.key === "Escape") {
          event.stopPropagation();
          props.done("");
        }
      }}
    >
      <textarea class="box" ref={box} rows={2} maxLength={4000} aria-label={props.label}>
        {props.start}
      </textarea>
      <div class="row">
        <button type="submit" class="button small">
          {props.submit}
        </button>
        <button type="button" class="button quiet small" onClick={() => props.done("")}>
          {t("room.cancel")}
        </button>
      </div>
    </form>
  );
}

/** A mark while its author changes it. */
function Editor(props: { room: Room; mark: Shown; done: () => void }) {
  const { room, mark } = props;
  const [draft, setDraft] = useState<Draft>({
    start_ms: mark.start_ms,
    end_ms: mark.end_ms,
    kind: mark.kind,
    target_area_ids: mark.target_area_ids,
    text: mark.text,
    visibility: mark.visibility === "shared" ? "shared" : "private",
  });
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));
  const save = (event: Event) => {
    event.preventDefault();
    const text = draft.text.trim();
    if (text === "") return box.current?.focus();
    const changes = differences(mark, { ...draft, text });
    if (Object.keys(changes).length > 0) room.edit(mark, changes);
    props.done();
  };
  const now = () => Math.round(room.player.now.value);
  return (
    <form
      class="text-form mark-editor"
      aria-label={t("room.edit_feedback")}
      onSubmit={save}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(event);
        if (event.key === "Escape") {
          event.stopPropagation();
          props.done();
        }
      }}
    >
      <div class="row moment">
        <span class="time">{span(draft.start_ms, draft.end_ms)}</span>
        <button
          type="button"
          class="button quiet small"
          onClick={() => change({ start_ms: now(), end_ms: Math.max(now(), draft.end_ms) })}
        >
          {t("room.set_start")}
        </button>
        <button
          type="button"
          class="button quiet small"
          onClick={() => change({ start_ms: Math.min(now(), draft.start_ms), end_ms: now() })}
        >
          {t("room.set_end")}
        </button>
      </div>
      <KindField name={`kind-${mark.id}`} value={draft.kind} set={(kind) => change({ kind })} />
      <textarea
        class="box"
        ref={box}
        rows={3}
        maxLength={4000}
        aria-label={t("room.feedback")}
        value={draft.text}
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
      <AreaField
        room={room}
        value={draft.target_area_ids}
        toggle={(id) =>
          change({
            target_area_ids: draft.target_area_ids.includes(id)
              ? draft.target_area_ids.filter((other) => other !== id)
              : [...draft.target_area_ids, id],
          })
        }
      />
      <div class="row">
        <label class="check sm">
          <input
            type="checkbox"
            checked={draft.visibility === "private"}
            onChange={(event) =>
              change({ visibility: event.currentTarget.checked ? "private" : "shared" })
            }
          />
          {t("room.only_me")}
        </label>
        <span class="bar-space" />
        <button type="button" class="button quiet small" onClick={props.done}>
          {t("room.cancel")}
        </button>
        <button type="submit" class="button small primary">
          {t("room.save")}
        </button>
      </div>
    </form>
  );
}

/** What of a mark is to change: an edit carries nothing else. */
function differences(mark: Shown, draft: Draft): Partial<Draft> {
  const changes: Partial<Draft> = {};
  for (const key of Object.keys(draft) as (keyof Draft)[]) {
    if (JSON.stringify(draft[key]) !== JSON.stringify(mark[key])) {
      Object.assign(changes, { [key]: draft[key] });
    }
  }
  return changes;
}
