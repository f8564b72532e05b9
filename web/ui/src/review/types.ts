// What the room works on, in the server's words. The page carries a Boot as JSON; everything
// after that comes by the feed and the API.

import type { Attachment } from "../attachments/files";
import type { UUID } from "../lib/uuid";
import type { Span, Stretch } from "./spans";

export type Kind = "strength" | "suggestion" | "question" | "note";
export const kinds: readonly Kind[] = ["strength", "suggestion", "question", "note"];

export interface Person {
  id: UUID;
  name: string;
}

export interface Reply {
  id: UUID;
  annotation_id: UUID;
  author: Person;
  text: string;
  version: number;
  created_at: string;
  updated_at: string;
  deleted: boolean;
}

export interface Annotation {
  id: UUID;
  recording_id: UUID;
  author: Person;
  start_ms: number;
  end_ms: number;
  kind: Kind;
  target_area_ids: UUID[];
  text: string;
  visibility: "private" | "draft" | "shared";
  status: "open" | "tried" | "resolved";
  version: number;
  created_at: string;
  updated_at: string;
  deleted: boolean;
  replies: Reply[];
}

/** What a person may change of an annotation. */
export interface Draft {
  start_ms: number;
  end_ms: number;
  kind: Kind;
  target_area_ids: UUID[];
  text: string;
  visibility: "private" | "shared";
}

export interface TargetArea {
  id: UUID;
  name: string;
  goal: string;
  hue: number;
  /** Whether new marks can be about it. */
  active: boolean;
}

export interface Processing {
  state: "none" | "queued" | "running" | "done" | "failed";
  step: string;
  percent: number;
  left_seconds: number;
  reason: string;
}

/** What is there of one source, in the server's words. */
export interface SourceTimeline {
  source: "camera" | "screen";
  spans: Span[];
  /** What of its gaps a laptop has recorded and not sent yet. */
  expected: Stretch[];
}

/** What of the recording's timeline is there. */
export interface Timeline {
  state: Boot["recording"]["state"];
  duration_ms: number;
  spans: Span[];
  /** What of the gaps a laptop has recorded and not sent yet. */
  expected: Stretch[];
  /** The source that plays where none is asked for: spans and expected are its. */
  main: SourceTimeline["source"];
  sources: SourceTimeline[];
}

export interface Review {
  id: UUID;
  instructor: Person;
  state: "requested" | "in_progress" | "returned" | "answered";
  summary: string;
  returned_at?: string;
  version: number;
}

export interface Share {
  user: Person;
  access: "viewer" | "reviewer";
  until?: string;
}

/** Somebody whom the recording can be shared with. */
export interface Member extends Person {
  role: "teacher" | "instructor" | "lead";
  /** Whether they coach the recording's owner now. */
  paired: boolean;
}

export interface Boot {
  me: Person;
  recording: {
    id: UUID;
    program_id: UUID;
    title: string;
    owner: Person;
    state: "recording" | "finishing" | "ready";
    duration_ms: number;
  };
  may: {
    annotate: boolean;
    reply: boolean;
    share: boolean;
    request_review: boolean;
    report: boolean;
    download: boolean;
    answer: boolean;
    retry: boolean;
    attach: boolean;
    delete: boolean;
  };
  target_areas: TargetArea[];
  annotations: Annotation[];
  /** The last event that `annotations` include: the feed is joined after it. */
  seq: number;
  renditions: string[];
  processing: Processing;
  spans: Span[];
  /** What of the gaps a laptop has recorded and not sent yet. */
  expected: Stretch[];
  main: Timeline["main"];
  sources: SourceTimeline[];
  reviews: Review[];
  /** For who may share or ask for a review; empty for others. */
  shares: Share[];
  attachments: Attachment[];
  members: Member[];
}
