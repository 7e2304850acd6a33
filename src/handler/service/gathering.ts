/** A batch is complete when no further request has come for this long, */
const PAUSE_MILLISECONDS = 3;
/** or after this time: a router does not notice it. */
const LONGEST_MILLISECONDS = 30;

/** In milliseconds. */
export interface Clock {
  now(): number;
  pause(milliseconds: number): Promise<void>;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Resolves when no further requests come in close succession, or there are `most`. A batch starts three programs
 * whatever its size, so in a crowd they should serve as many routers as they can.
 */
export async function gather(count: () => number, most: number, clock = CLOCK): Promise<void> {
  const end = clock.now() + LONGEST_MILLISECONDS;
  let before = -1;
  let now = count();
  while (now > before && now < most && clock.now() < end) {
    await clock.pause(PAUSE_MILLISECONDS);
    before = now;
    now = count();
  }
}
