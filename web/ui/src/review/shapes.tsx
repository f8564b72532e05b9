// A kind of feedback is told by its shape first, and by its colour second.

import type { Kind } from "./types";

/** The outline of a kind in a square of 12, centred on 6,6. */
const outlines: Record<Kind, string> = {
  strength: "M6 0l6 6-6 6-6-6z",
  suggestion: "M6 .5l6 11H0z",
  question: "M6 0a6 6 0 1 1 0 12A6 6 0 0 1 6 0z",
  note: "M2 .5h8A1.5 1.5 0 0 1 11.5 2v8a1.5 1.5 0 0 1-1.5 1.5H2A1.5 1.5 0 0 1 .5 10V2A1.5 1.5 0 0 1 2 .5z",
};

/** The symbol of a kind, beside a text that names it. */
export function KindShape({ kind }: { kind: Kind }) {
  return (
    <svg class={`kind-shape kind-${kind}`} viewBox="0 0 12 12" aria-hidden="true">
      <path d={outlines[kind]} />
    </svg>
  );
}

/** The symbol of a kind inside another drawing, centred on x, y. */
export function KindPath({ kind, x, y }: { kind: Kind; x: number; y: number }) {
  return (
    <path
      class={`kind-${kind}`}
      d={outlines[kind]}
      transform={`translate(${(x - 6).toFixed(1)} ${y - 6})`}
    />
  );
}
