/** The time left in a round. The server says how much; a wrong clock on this machine does no harm. */

/** Seconds left at which it is said aloud, and from which it shows red. */
export const MARKS = [60, 10] as const;
export const SOON = 30;

/** Counts down from `leftMs` milliseconds on a clock that never jumps, such as `performance.now`. */
export class Countdown {
  private readonly end: number;

  constructor(leftMs: number, private readonly now: () => number) {
    this.end = now() + leftMs;
  }

  /** Whole seconds left, rounded up, never below zero. */
  get seconds(): number {
    return Math.max(0, Math.ceil((this.end - this.now()) / 1000));
  }
}

/** `2:05`, and `1:02:05` from an hour on. */
export function face(seconds: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The mark that was reached between two looks at the clock; a slept-through one counts once. */
export const reached = (before: number, after: number): number | undefined =>
  after > 0 ? MARKS.filter((mark) => after <= mark && mark < before).at(-1) : undefined;

export interface Ticking {
  tick(seconds: number): void;
  mark(seconds: number): void;
  over(): void;
}

/** Looks at the countdown four times a second until it is over. */
export function run(countdown: Countdown, ticking: Ticking): void {
  let before = countdown.seconds;
  const look = (): void => {
    const after = countdown.seconds;
    ticking.tick(after);
    const mark = reached(before, after);
    if (mark !== undefined) ticking.mark(mark);
    before = after;
    if (after > 0) return;
    clearInterval(timer);
    ticking.over();
  };
  const timer = setInterval(look, 250);
  ticking.tick(before);
}
