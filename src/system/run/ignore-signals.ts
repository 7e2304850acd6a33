const SIGNALS: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
];

/**
 * For a program that runs as root for an unprivileged one: no signal that a caller can send or cause may stop it while
 * it holds a lock. It ends when its input ends.
 */
export function ignoreSignals(): void {
  for (const signal of SIGNALS) process.on(signal, () => {});
}
