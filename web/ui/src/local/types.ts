// What is known of a lesson that this laptop keeps, and of its takes. The worker that keeps them
// and the pages that use them share these words.

/** Which picture a take is of. */
export type Source = "camera" | "screen";

/** Why a take ended; the server's own words. */
export type EndReason = "stopped" | "paused" | "device" | "resized" | "reload" | "crash";

/** One run of a MediaRecorder. */
export interface Take {
  id: string;
  source: Source;
  /** Where on the lesson's clock its media time 0 lies, in milliseconds. */
  offsetMS: number;
  startedAt: string; // RFC 3339
  mediaType: string;
  /** By how many milliseconds its picture is too early against its sound; older takes do not say. */
  pictureLeadMS?: number;
  /** Once it is over: how many blobs it has, how long it is, and why it ended. */
  ended?: { blobs: number; lengthMS: number; reason: EndReason };
  /** The server has stored the blobs up to this number, which take so many bytes here. */
  sent?: { through: number; bytes: number };
  /** Of these, so many bytes have been let go of already. */
  spared?: number;
  /** The server has all of it, in the form in which it is played. Nothing is here any more. */
  confirmed?: boolean;
}

/** What is new about a take. */
export type TakeChange = Partial<Take> & Pick<Take, "id">;

/** Why the server will not take a lesson, in its own words. The lesson stays on this laptop. */
export interface Refused {
  status: number;
  sentence: string;
}

/** A lesson as it is kept: everything that is needed to send it, next week, from another page. */
export interface Lesson {
  recording: string;
  /** Whose it is: laptops are shared. */
  person: string;
  personName: string;
  title: string;
  startedAt: string; // RFC 3339
  /** What the recording is made of on the server: the body of POST /api/recordings. */
  create: Record<string, unknown>;
  /** Whether the server has made it. */
  registered: boolean;
  /** Opens this one recording on the server, without a session; "" until it is known. */
  token: string;
  /** What the page's clock counted when the lesson was stopped; -1 until then. */
  taughtMS: number;
  /** Whether the server knows that the lesson is over. */
  finished: boolean;
  refused?: Refused | null;
  /** What the server did not take with it, as whom it was to go to, in its own words. */
  without?: string;
  takes: Take[];
}

/** What a lesson is besides its takes. */
export type Facts = Omit<Lesson, "takes">;

/** A take as it lies here. */
export interface KeptTake extends Take {
  /** The number of its last blob, and how far on the take it reaches. */
  blobs: number;
  reachesMS: number;
  /** Of its bytes, those that are in files here. */
  bytes: number;
}

export interface KeptLesson extends Facts {
  takes: KeptTake[];
}

/** A blob as it was written. */
export interface Kept {
  bytes: ArrayBuffer;
  sha256: Uint8Array<ArrayBuffer>;
}
