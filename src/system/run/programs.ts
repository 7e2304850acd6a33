/** Every program that root runs, where Debian installs it. */
export const PROGRAMS = {
  wg: '/usr/bin/wg',
  bridge: '/usr/sbin/bridge',
  ip: '/usr/sbin/ip',
  flock: '/usr/bin/flock',
  setpriv: '/usr/bin/setpriv',
  setsid: '/usr/bin/setsid',
  systemctl: '/usr/bin/systemctl',
  journalctl: '/usr/bin/journalctl',
  'systemd-cat': '/usr/bin/systemd-cat',
  timedatectl: '/usr/bin/timedatectl',
  getent: '/usr/bin/getent',
  sudo: '/usr/bin/sudo',
  'sudo-rs': '/usr/bin/sudo-rs',
  sysctl: '/usr/sbin/sysctl',
  batctl: '/usr/sbin/batctl',
  nft: '/usr/sbin/nft',
  ssh: '/usr/bin/ssh',
  sqlite3: '/usr/bin/sqlite3',
  sh: '/usr/bin/sh',
  'wireguard-go': '/usr/bin/wireguard-go',
  resolvectl: '/usr/bin/resolvectl',
  resolvconf: '/usr/sbin/resolvconf',
  'wgkex-cleanup': '/usr/lib/wgkex/wgkex-cleanup',
  'wgkex-join': '/usr/bin/wgkex-join',
} as const;
export type Program = keyof typeof PROGRAMS;

/** Nothing is inherited: a caller's PATH or LD_PRELOAD must not choose what root runs. */
export const SURROUNDINGS = { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' }, cwd: '/' };
