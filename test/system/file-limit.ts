import { execFileSync } from 'node:child_process';

/** No file that this process writes can grow beyond that: a write ends there, as on a disk without room. */
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
