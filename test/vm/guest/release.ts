import { readFileSync } from 'node:fs';

export const isDebian12 = readFileSync('/etc/os-release', 'utf8').includes('bookworm');
