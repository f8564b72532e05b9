// How long to wait before trying again: doubling from half a second to eight, with jitter, so that
// a school's laptops do not all come back in the same moment after a restart.

const first = 500;
const most = 8000;

export function backoff(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(most, first * 2 ** Math.min(attempt, 10));
  return Math.round(whole * (0.75 + random() / 2));
}
