import { readFileSync } from 'node:fs';
import { type IpAddress, parseIpAddress } from '../../core/values/ip-address.ts';

/** The `nameserver` lines of a file like resolv.conf(5), which need not be there. */
export function readNameServers(path: string): IpAddress[] {
  return [...readText(path).matchAll(/^nameserver[ \t]+(\S+)/gm)].flatMap(([, text = '']) => readAddress(text) ?? []);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readAddress(text: string): IpAddress | undefined {
  try {
    return parseIpAddress(text);
  } catch {
    return undefined;
  }
}
