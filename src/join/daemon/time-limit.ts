import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `work` with a signal that aborts when the time is over, with `late` as its reason, or when the daemon stops.
 * `work` must end when its signal does.
 */
export async function within<T>(
  seconds: number,
  stopping: AbortSignal,
  late: Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const stop = () => limit.abort(stopping.reason);
  const timer = setTimeout(() => limit.abort(late), seconds * 1000);
  stopping.addEventListener('abort', stop);
  try {
    stopping.throwIfAborted();
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', stop);
  }
}

/** @throws the reason of the signal */
export async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await pause(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** Waits for something that does not listen to a signal; its own failure is the caller's. */
export async function abandonable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, stop } = waitForAbort(signal);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}

function waitForAbort(signal: AbortSignal) {
  let stop = () => {};
  const promise = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    stop = () => signal.removeEventListener('abort', abort);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
  return { promise, stop };
}
