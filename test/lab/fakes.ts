import { access, chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** Where the lab keeps what the fakes must do: a file for each program. */
const CURSES = '/run/wgkex-curses';

/**
 * Puts a fake in front of a program, for faults that the real one will not produce: a call in whose words or input a
 * cursed text occurs (words and input with `;` between) fails, hangs, or takes a second longer; all others go to the
 * real program at once.
 */
export async function curse(
  program: '/usr/bin/wg' | '/usr/sbin/bridge',
  text: string,
  fault: 'fail' | 'hang' | 'delay',
): Promise<void> {
  await mkdir(CURSES, { recursive: true });
  await writeFile(`${CURSES}/${basename(program)}`, `${fault} ${text}\n`, { flag: 'a' });
  const real = `${program}.real`;
  const isInstalled = await access(real).then(
    () => true,
    () => false,
  );
  if (isInstalled) return;
  await copyFile(program, real);
  await writeFile(`${program}.fake`, buildFake(real, `${CURSES}/${basename(program)}`));
  await chmod(`${program}.fake`, 0o755);
  await rename(`${program}.fake`, program);
}

/** All calls go to the real programs again. */
export function liftCurses(): Promise<void> {
  return rm(CURSES, { recursive: true, force: true });
}

function buildFake(real: string, curses: string): string {
  return `#!/bin/bash
input=
[ "$1" = -batch ] && input=$(cat)
if [ -f ${curses} ]; then
  while read -r fault text; do
    case "$*;$input" in
      *"$text"*)
        [ "$fault" = hang ] && exec sleep 60
        [ "$fault" = delay ] && sleep 1 && continue
        echo "cursed" >&2
        exit 1 ;;
    esac
  done <${curses}
fi
[ -z "$input" ] && exec ${real} "$@"
exec ${real} "$@" <<<"$input"
`;
}
