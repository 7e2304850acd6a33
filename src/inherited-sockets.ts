/** A listening socket that systemd passed. */
export interface InheritedSocket {
  readonly fd: number;
  /** Of the unit that it belongs to. */
  readonly unit: string;
}

/** sd_listen_fds(3): inherited sockets start at descriptor 3. */
const FIRST_INHERITED = 3;

/**
 * The sockets that systemd passed, with the names of their units (`LISTEN_FDNAMES`). The variables are ours only if they
 * name this process: everything that a service starts inherits them.
 */
export function listInheritedSockets(
  { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES }: Readonly<Record<string, string | undefined>>,
  pid: number,
): InheritedSocket[] {
  const isOurs = LISTEN_PID === String(pid) && /^\d{1,3}$/.test(LISTEN_FDS ?? '');
  const names = (LISTEN_FDNAMES ?? '').split(':');
  return Array.from({ length: isOurs ? Number(LISTEN_FDS) : 0 }, (_, index) => ({
    fd: FIRST_INHERITED + index,
    unit: names[index] ?? '',
  }));
}
