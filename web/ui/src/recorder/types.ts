// What the server tells the page (web/recorder.go).

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
  program_id: string;
  target_areas: Target[];
  people: Person[];
}
