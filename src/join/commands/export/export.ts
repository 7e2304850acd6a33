import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { printLines } from '../../../cli/terminal/print.ts';
import { formatTunnelFile, parseTunnelFile } from '../../../core/client/configuration/tunnel-file.ts';
import type { InstanceName } from '../../../core/client/instance.ts';
import { describeSystemError, InputError } from '../../../core/values/errors.ts';
import { readAccepted } from '../../../system/client/store/accepted.ts';
import { readPrivateKey } from '../../../system/client/store/secrets.ts';
import { exitWithMistake, type NamedCall, requireRoot } from '../call.ts';
import { requireTunnel } from '../existing.ts';
import { buildModules, renderModules } from './qr.ts';

interface Options {
  readonly output?: string;
  readonly qr?: boolean;
}

const ITS_OWNER = 0o600;
const COMMENTS = /^#.*\n/gm;

/** `wgkex-join export`: the tunnel, with its private key, for the WireGuard app of another device. */
export async function run({ name, options }: NamedCall<Options>): Promise<boolean> {
  const { output, qr } = options;
  if (output === undefined && !qr && process.stdout.isTTY)
    exitWithMistake('The private key would stay in this terminal: use --qr, --output FILE or a pipe');
  requireRoot();
  requireTunnel(name);
  const text = buildFile(name);
  if (qr) printLines(drawCode(text, process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY));
  else if (output === undefined) process.stdout.write(text);
  else writeNewFile(output, text);
  process.stderr.write(warn(name));
  return true;
}

function buildFile(name: InstanceName): string {
  const accepted = readAccepted(name);
  if (accepted === undefined)
    throw new InputError(`Cannot export ${name}: it has not been up yet; see wgkex-join status ${name}`);
  return formatTunnelFile(parseTunnelFile(accepted.config), readPrivateKey(name));
}

/** Without comments, as each line of them makes the code larger. @throws InputError if the terminal is too narrow. */
export function drawCode(text: string, columns: number): string[] {
  const modules = buildModules(text.replace(COMMENTS, ''));
  if (modules.length > columns)
    throw new InputError(
      `Cannot draw the QR code: it needs ${modules.length} columns, and this terminal has ${columns}; make it wider`,
    );
  return renderModules(modules);
}

/** Never replaces a file: in a directory of others, its name may be a link to another one. @throws InputError */
export function writeNewFile(path: string, text: string): void {
  const file = understand(path, () => openSync(path, 'wx', ITS_OWNER));
  try {
    understand(path, () => writeFileSync(file, text));
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function understand<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new InputError(`Cannot write ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

function warn(name: InstanceName): string {
  return [
    'A lease is for one device at a time: before the other device uses this, stop the tunnel here, with',
    `wgkex-join down ${name} (until the next boot) or wgkex-join leave ${name} (for good).`,
    '',
  ].join('\n');
}
