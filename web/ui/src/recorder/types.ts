// What the server tells the page (web/recorder.go), and what the page's parts tell each other.

export interface Target {
  id: string;
  name: string;
  goal: string;
  hue: number;
}

export interface Person {
  id: string;
  name: string;
  role: "teacher" | "instructor" | "lead";
  /** Works with this teacher now: chosen to begin with. */
  paired: boolean;
}

export interface Boot {
  /** Who is signed in. */
  me: string;
  me_name: string;
  program_id: string;
  /** The programs that a lesson can belong to. */
  programs: { id: string; name: string }[];
  target_areas: Target[];
  people: Person[];
}

/** Why something did not work. */
export type Refusal =
  | { why: "said"; sentence: string } // by the server, in its own words
  | { why: "unreachable" }
  | { why: "elsewhere" }; // another tab records

/** A stretch of the lesson that was not recorded, in milliseconds. */
export interface Gap {
  from: number;
  to: number;
}
