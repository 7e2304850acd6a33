import { execFileSync } from 'node:child_process';

/** Limits the size of all files that this process writes: a write fails beyond it, as on a full disk. */
export function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
}

/** Runs `action` under that limit. */
export function withinBytes(bytes: number, action: () => void): void {
  limitFiles(bytes);
  try {
    action();
  } finally {
    limitFiles('unlimited');
  }
}
