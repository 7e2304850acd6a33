import { access, chmod, copyFile, rename, rm, writeFile } from 'node:fs/promises';

/** Where the lab keeps the fake's instructions: what must not occur in the words of a call. */
const CURSES = '/run/wgkex-curses';

/**
 * Puts a fake in front of a program, for faults that the real one will not produce: a call in whose words or input a
 * cursed text occurs fails or hangs; all others go to the real program.
 */
export async function curse(
  program: '/usr/bin/wg' | '/usr/sbin/bridge',
  text: string,
  fault: 'fail' | 'hang',
): Promise<void> {
  const real = `${program}.real`;
  const isInstalled = await access(real).then(
    () => true,
    () => false,
  );
  if (!isInstalled) {
    await copyFile(program, real);
    await writeFile(`${program}.fake`, buildFake(real));
    await chmod(`${program}.fake`, 0o755);
    await rename(`${program}.fake`, program);
  }
  await writeFile(CURSES, `${fault} ${text}\n`, { flag: 'a' });
}

/** All calls go to the real programs again. */
export function liftCurses(): Promise<void> {
  return rm(CURSES, { force: true });
}

function buildFake(real: string): string {
  return `#!/bin/bash
input=
[ "$1" = -batch ] && input=$(cat)
[ -f ${CURSES} ] || touch ${CURSES}
while read -r fault text; do
  case "$* $input" in
    *"$text"*)
      [ "$fault" = hang ] && exec sleep 60
      echo "cursed" >&2
      exit 1 ;;
  esac
done <${CURSES}
[ -z "$input" ] && exec ${real} "$@"
exec ${real} "$@" <<<"$input"
`;
}
