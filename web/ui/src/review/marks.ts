// The marks of a recording as a value: what the server has said, and over it what was written
// here and has not been answered yet. Pure: no DOM, no network.

import { isRecord } from "../lib/api";
import type { FeedEvent } from "../lib/feed";
import type { Entry, Write } from "../lib/outbox";
import type { Annotation, Person, Reply } from "./types";

export type Marks = ReadonlyMap<string, Annotation>;

/** A reply as it is shown. */
export interface ShownReply extends Reply {
  waiting?: boolean;
}

/** A mark as it is shown: waiting while something about it is not known to be stored. */
export interface Shown extends Annotation {
  waiting?: boolean;
  replies: ShownReply[];
}

export function marksOf(annotations: readonly Annotation[]): Marks {
  return new Map(annotations.map((annotation) => [annotation.id, annotation]));
}

/** The marks after an event of the log. Applying one twice changes nothing. */
export function apply(marks: Marks, event: FeedEvent): Marks {
  const next = new Map(marks);
  if (isRecord(event.annotation)) {
    const annotation = event.annotation as unknown as Annotation;
    next.set(annotation.id, { ...annotation, replies: annotation.replies ?? [] });
  } else if (isRecord(event.reply)) {
    const reply = event.reply as unknown as Reply;
    const annotation = next.get(reply.annotation_id);
    if (annotation) next.set(annotation.id, withReply(annotation, reply));
  } else {
    next.delete(event.annotation_id);
  }
  return next;
}

function withReply<Mark extends Annotation>(mark: Mark, reply: ShownReply): Mark {
  const others = mark.replies.filter(({ id }) => id !== reply.id);
  // Ids are UUIDv7: their order is that in which the replies were made.
  const replies = reply.deleted
    ? others
    : [...others, reply].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...mark, replies };
}

/**
 * The marks as a write will leave them: what is shown while it is under way, and what is held for
 * true between its ack and its event. A write that marks have in them already changes nothing.
 */
export function perform(marks: Marks, write: Write, me: Person, at: string): Marks {
  const next = new Map(marks);
  const put = (id: string, change: (mark: Annotation) => Annotation) => {
    const mark = next.get(id);
    if (mark) next.set(id, change(mark));
  };
  const edit = (change: (mark: Annotation) => Annotation) => {
    const version = Number(write["version"]);
    if ((next.get(write.id)?.version ?? 0) <= version) {
      put(write.id, (mark) => ({ ...change(mark), version: version + 1, updated_at: at }));
    }
  };
  const editReply = (change: (reply: Reply) => Reply) => {
    const version = Number(write["version"]);
    for (const mark of next.values()) {
      const reply = mark.replies.find(({ id }) => id === write.id);
      if (!reply || reply.version > version) continue;
      next.set(mark.id, withReply(mark, { ...change(reply), version: version + 1 }));
    }
  };
  const made = { author: me, version: 1, created_at: at, updated_at: at, deleted: false };
  switch (write.type) {
    case "create":
      if (!next.has(write.id)) {
        const { type: _, ...draft } = write;
        next.set(write.id, {
          ...made,
          recording_id: "",
          status: "open",
          replies: [],
          ...(draft as unknown as Pick<
            Annotation,
            "id" | "start_ms" | "end_ms" | "kind" | "target_area_ids" | "text" | "visibility"
          >),
        });
      }
      break;
    case "edit": {
      const { type: _, id: __, version: ___, ...changes } = write;
      edit((mark) => ({ ...mark, ...(changes as Partial<Annotation>) }));
      break;
    }
    case "delete":
      edit((mark) => ({ ...mark, deleted: true }));
      break;
    case "restore":
      edit((mark) => ({ ...mark, deleted: false }));
      break;
    case "reply":
      put(String(write["annotation_id"]), (mark) =>
        mark.replies.some(({ id }) => id === write.id)
          ? mark
          : withReply(mark, {
              ...made,
              id: write.id,
              annotation_id: mark.id,
              text: String(write["text"]),
            }),
      );
      break;
    case "edit_reply":
      editReply((reply) => ({ ...reply, text: String(write["text"]) }));
      break;
    case "delete_reply":
      editReply((reply) => ({ ...reply, deleted: true }));
  }
  return next;
}

/** What is shown: marks with the entries that wait performed on them, in the timeline's order. */
export function shownOf(marks: Marks, entries: readonly Entry[], me: Person): Shown[] {
  let all: Marks = marks;
  const touched = new Set<string>();
  for (const { write, refused } of entries) {
    if (refused) continue;
    all = perform(all, write, me, new Date().toISOString());
    touched.add(write.id);
  }
  const shown: Shown[] = [];
  for (const mark of all.values()) {
    if (mark.deleted) continue;
    if (touched.size === 0) {
      shown.push(mark); // the same object: what has not changed is not drawn again
      continue;
    }
    const replies = mark.replies.map((reply) =>
      touched.has(reply.id) ? { ...reply, waiting: true } : reply,
    );
    const changed = touched.has(mark.id) || replies.some((reply, i) => reply !== mark.replies[i]);
    shown.push(changed ? { ...mark, replies, waiting: touched.has(mark.id) } : mark);
  }
  return shown.sort((a, b) => a.start_ms - b.start_ms || (a.id < b.id ? -1 : 1));
}

export interface Filter {
  areas: ReadonlySet<string>; // "" : without a target area
  kinds: ReadonlySet<string>;
  person: string; // "" : everyone
}

export function matches(mark: Annotation, filter: Filter): boolean {
  const areas = mark.target_area_ids.length > 0 ? mark.target_area_ids : [""];
  return (
    (filter.areas.size === 0 || areas.some((id) => filter.areas.has(id))) &&
    (filter.kinds.size === 0 || filter.kinds.has(mark.kind)) &&
    (filter.person === "" || filter.person === mark.author.id)
  );
}
