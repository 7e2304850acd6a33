import { version } from '../../../../package.json';

export const USER = 'wgkex';
const LIBRARY = '/usr/lib/wgkex';
export const HANDLER = `${LIBRARY}/wgkex-handler`;
export const EXECUTABLES = [`${LIBRARY}/wgkex-listen`, HANDLER, `${LIBRARY}/wgkex-cleanup`];
/** Picks the settings that suit this machine's systemd and sudo. */
export const HARDEN = `${LIBRARY}/harden; systemctl try-restart wgkex.service`;
export const SUDOERS = '/etc/sudoers.d/wgkex';
/** Options that sudo knows and sudo-rs does not. */
export const SUDOERS_OF_SUDO = '/etc/sudoers.d/wgkex-sudo';

/** Restores the files of the package, including missing files in /etc; never overwrites a file in /etc that exists. */
export const REINSTALL = `apt-get install --reinstall -o DPkg::Options::=--force-confmiss ./wgkex_${version}_all.deb`;
