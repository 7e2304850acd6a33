import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { execa } from 'execa';

/** What a sysadmin types in the machine. */
export async function sh(script: string): Promise<string> {
  return (await execa('bash', ['-c', `set -euo pipefail\n${script}`])).stdout;
}

/** The same where it may fail. */
export async function attempt(script: string): Promise<{ exitCode: number | undefined; output: string }> {
  const { exitCode, all } = await execa('bash', ['-c', script], { reject: false, all: true });
  return { exitCode, output: all };
}

/** An emulated processor needs its time: Node alone some seconds to start. */
const PATIENCE_SECONDS = 90;

export async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_SECONDS * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It did not come to be within ${PATIENCE_SECONDS} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A router's exchange; rejects where the connection is refused or reset. */
export function exchange(domain = 'ffww01', key = makeKey()): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = '';
    const socket = connect(10012, '::1', () => socket.write(`${domain}\n${key}\n`));
    socket.on('data', (chunk) => {
      reply += chunk;
    });
    socket.on('end', () => resolve(reply));
    socket.on('error', reject);
  });
}

export function makeKey(): string {
  return randomBytes(32).toString('base64');
}

export async function journal(...options: string[]): Promise<string> {
  return (await execa('journalctl', ['--no-pager', '--output=cat', '--unit=wgkex', ...options])).stdout;
}

/** The process that systemd started, or 0. */
export async function mainPid(): Promise<number> {
  return Number(await sh('systemctl show --property=MainPID --value wgkex'));
}

export async function findPids(pattern: string): Promise<number[]> {
  const { stdout } = await execa('pgrep', ['--full', pattern], { reject: false });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** A line of /proc/PID/status, without its name. */
export async function readStatus(pid: number, field: string): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return status.match(new RegExp(`^${field}:\\s*(.*)$`, 'm'))?.[1] ?? '';
}

/** Peers, entries and whether the service is there: an exchange works. */
export async function isServing(): Promise<boolean> {
  return (await exchange().catch(() => '')) === 'OK\n';
}
