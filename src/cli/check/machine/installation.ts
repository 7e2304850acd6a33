import { version } from '../../../../package.json';

export const USER = 'wgkex';
const LIBRARY = '/usr/lib/wgkex';
export const HANDLER = `${LIBRARY}/wgkex-handler`;
export const EXECUTABLES = [`${LIBRARY}/wgkex-listen`, HANDLER, `${LIBRARY}/wgkex-cleanup`];
/** Chooses what suits this machine's systemd and sudo. */
export const HARDEN = `${LIBRARY}/harden; systemctl try-restart wgkex.service`;
export const SUDOERS = '/etc/sudoers.d/wgkex';
/** What sudo knows and sudo-rs does not. */
export const SUDOERS_OF_SUDO = '/etc/sudoers.d/wgkex-sudo';

/** Brings back what the package brought; a file in /etc that is gone, too, but never one that is there. */
export const REINSTALL = `apt-get install --reinstall -o DPkg::Options::=--force-confmiss ./wgkex_${version}_all.deb`;
