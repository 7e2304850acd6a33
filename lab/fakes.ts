import { copyFile, link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** The programs that wgkex runs as root. */
const PROGRAMS = ['/usr/bin/wg', '/usr/sbin/bridge', '/usr/sbin/ip', '/usr/bin/flock', '/usr/bin/sqlite3'] as const;
export type Program = (typeof PROGRAMS)[number];

/** Stands in front of each of them; knows what to do from the files of {@link faultsOf}. */
const FAKE = new URL('fake', import.meta.url);
let installed: Promise<void> | undefined;

/** A gateway, or a member's machine. */
export interface Site {
  readonly namespace: string;
}

/**
 * Orders a fault that the real program will not produce: a call that wgkex makes on this site, and in whose words
 * or input the text occurs (`wg set …`, with `;` before the input), fails, hangs, or holds until the curses are lifted.
 */
export async function curse(
  site: Site,
  program: Program,
  text: string,
  fault: 'fail' | 'hang' | 'hold',
): Promise<void> {
  await orderFault(site, basename(program), `${fault} ${text}\n`);
}

/** All calls of the site go to the real programs again. */
export function liftCurses(site: Site): Promise<void> {
  return rm(faultsOf(site), { recursive: true, force: true });
}

/** Adds a line to an order for the fakes. */
export async function orderFault(site: Site, order: string, line: string): Promise<void> {
  installed ??= installFakes();
  await installed;
  await mkdir(faultsOf(site), { recursive: true });
  await writeFile(`${faultsOf(site)}/${order}`, line, { flag: 'a' });
}

/** The processes of this site see it as /etc/wgkex/faults, those of others see their own. */
export function faultsOf(site: Site): string {
  return `/etc/netns/${site.namespace}/wgkex/faults`;
}

/** Test files that run at the same time may both do so: the file that was set aside first is the real program. */
async function installFakes(): Promise<void> {
  for (const program of PROGRAMS) {
    const [copy, fake] = [`${program}.copy${process.pid}`, `${program}.fake${process.pid}`];
    await copyFile(program, copy);
    await link(copy, `${program}.real`).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await copyFile(FAKE, fake);
    await rename(fake, program);
  }
}
