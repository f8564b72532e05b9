// Two fingers on the timeline zoom it.

export class Pinch {
  #fingers = new Map<number, number>(); // pointer id → clientX

  /** Notes a pointer that came down; true once there are two. */
  down(event: PointerEvent): boolean {
    if (event.pointerType === "touch") this.#fingers.set(event.pointerId, event.clientX);
    return this.#fingers.size === 2;
  }

  /** How much further apart two fingers are than before, and the place between them. */
  move(event: PointerEvent): { scale: number; x: number } | null {
    if (!this.#fingers.has(event.pointerId)) return null;
    const before = this.#span();
    this.#fingers.set(event.pointerId, event.clientX);
    if (this.#fingers.size !== 2) return null;
    const after = this.#span();
    return { scale: after.apart / before.apart, x: after.middle };
  }

  up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
  }

  #span(): { apart: number; middle: number } {
    const [a = 0, b = 0] = this.#fingers.values();
    return { apart: Math.max(16, Math.abs(a - b)), middle: (a + b) / 2 };
  }
}
