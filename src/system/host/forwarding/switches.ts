import { readFileSync } from 'node:fs';

/** Whether this machine forwards packets, by their family. */
export interface ForwardingSwitches {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

export function readForwardingSwitches(): ForwardingSwitches {
  return { ipv4: isOn('ipv4/ip_forward'), ipv6: isOn('ipv6/conf/all/forwarding') };
}

/** A kernel without IPv6 has no setting for it. */
function isOn(setting: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/${setting}`, 'utf8').trim() !== '0';
  } catch {
    return false;
  }
}
