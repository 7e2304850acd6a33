import { mkdir, rm, rmdir } from 'node:fs/promises';
import { Background, eventually, sh } from './commands.ts';

/** systemd-cat(1) does not set the variables that journald's own services get. */
const TELL = 'JOURNAL_STREAM=$(stat --dereference --format=%d:%i /proc/self/fd/2) exec "$@"';

const DIRECTORIES = ['/run/systemd/journal', '/run/log/journal'];

/** Exists while a test file has a journal: there is one in a lab at a time. */
const HELD = '/run/journal-of-a-test';
const HELD_SECONDS = 300;

/** A journal of the lab's own. Returns how to end it. */
export async function startJournal(): Promise<() => Promise<unknown>> {
  const hold = () =>
    mkdir(HELD).then(
      () => true,
      () => false,
    );
  await eventually('no other test file has a journal', hold, HELD_SECONDS);
  // Without one journald does not start.
  await sh('mount', '-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup');
  for (const directory of DIRECTORIES) await mkdir(directory, { recursive: true });
  const journal = new Background('/lib/systemd/systemd-journald', []);
  const logs = () =>
    sh('systemd-cat', '--identifier=test', 'true').then(
      () => true,
      () => false,
    );
  await eventually('the journal is there', logs);
  return async () => {
    // Its sockets first: a process of another test file that finds them expects a journald behind them.
    for (const directory of DIRECTORIES) await rm(directory, { recursive: true });
    await journal.stop();
    await sh('umount', '/sys/fs/cgroup');
    await rmdir(HELD);
  };
}

/** The words of a command line whose standard error is the journal, as under systemd. */
export function logged(identifier: string, ...words: readonly string[]): [string, ...string[]] {
  return ['systemd-cat', `--identifier=${identifier}`, 'sh', '-c', TELL, 'sh', ...words];
}
