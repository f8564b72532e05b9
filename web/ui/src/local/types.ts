// What is known of a lesson that this laptop keeps, and of its takes. The worker that keeps them
// and the pages that use them share these words.

/** Which picture a take is of. */
export type Source = "camera" | "screen";

/** Why a take ended; the server's own words. */
export type EndReason = "stopped" | "paused" | "device" | "resized" | "reload" | "crash";

/** One run of a MediaRecorder. */
export interface KeptTake {
  id: string;
  source: Source;
  /** Where on the lesson's clock its media time 0 lies, in milliseconds. */
  offsetMS: number;
  startedAt: string; // RFC 3339
  mediaType: string;
  /** Once it is over: how many blobs it has, how long it is, and why it ended. */
  ended?: { blobs: number; lengthMS: number; reason: EndReason };
  /** The server has confirmed that all of it is stored. Its blobs may be gone from here. */
  confirmed?: boolean;
}

/** Why the server will not take a lesson, in its own words; it stays on this laptop. */
export interface Refused {
  status: number;
  sentence: string;
}

/** A lesson as it is kept: everything that is needed to send it, next week, by another page. */
export interface Lesson {
  recording: string;
  /** Whose it is: laptops are shared. */
  person: string;
  personName: string;
  title: string;
  startedAt: string; // RFC 3339
  /** What the recording is made of on the server (POST /api/recordings). */
  create: Record<string, unknown>;
  /** Whether the server has made it. */
  registered: boolean;
  /** Opens this one recording on the server, without a session. */
  token: string;
  /** What the page's clock counted; -1 while the lesson goes on. */
  taughtMS: number;
  /** Whether the server knows that the lesson is over. */
  finished: boolean;
  refused?: Refused;
  takes: KeptTake[];
}
