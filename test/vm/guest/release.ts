import { readFileSync } from 'node:fs';

export const isDebian12 = readFileSync('/etc/os-release', 'utf8').includes('bookworm');

/** For cases that depend on no version of systemd or sudo: each takes half a minute of an emulated processor. */
export const ON_DEBIAN_12 = isDebian12 ? {} : { skip: 'it is tried on Debian 12' };
export const ON_DEBIAN_13 = isDebian12 ? { skip: 'it is tried on Debian 13' } : {};
