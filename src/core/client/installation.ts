/** The user of wgkex-join. */
export const USER = 'wgkex-client';
/** What sudo lets this user start as root, without arguments. */
export const HELPER = '/usr/lib/wgkex-client/wgkex-tunnel';
/** Root's files, one for each tunnel. */
export const INSTANCE_DIRECTORY = '/etc/wgkex-client';
/** Root's, readable by all; in it each tunnel has a directory that only root can read. */
export const CLIENT_DIRECTORY = '/var/lib/wgkex-client';
