import { isDebian12 } from './release.ts';

export const DOMAIN = 'ffww01';
export const INTERFACE = 'wgww01';
export const WINDOW_PORT = 9000;
/** Gone after a reboot. */
export const REPORT = '/run/report';
export const TICKET = '/run/ticket';
export const CA = '/etc/wgkex/wgkex-ca.crt';

const MACHINES = {
  bookworm: { id: 'gw1', number: 1, address: '10.77.0.1' },
  trixie: { id: 'gw2', number: 2, address: '10.77.0.2' },
} as const;

export type Machine = (typeof MACHINES)[keyof typeof MACHINES];

/** Each release is one gateway of the fleet; Debian 12 has the broker, too. */
export const [HERE, THERE]: [Machine, Machine] = isDebian12
  ? [MACHINES.bookworm, MACHINES.trixie]
  : [MACHINES.trixie, MACHINES.bookworm];
export const HAS_BROKER = HERE.id === 'gw1';

/** Of the password file of the broker. */
export const PASSWORDS = { gw1: 'correct horse', gw2: 'battery staple' } as const;

export function findName({ id }: Machine): string {
  return `${id}.example.org`;
}

/** The keys in the kernel of a machine; undefined while nobody there can say. */
export function readPeers({ address }: Machine): Promise<string | undefined> {
  return view(address, '/peers');
}

/** Differs from boot to boot; undefined while the machine is away. */
export function readBoot({ address }: Machine): Promise<string | undefined> {
  return view(address, '/boot');
}

/** How far the test of a machine is. */
export type Report = 'watching' | 'seen' | 'joined' | 'open' | 'captured' | 'over' | 'left';

/** In this boot. */
export async function hasReported({ address }: Machine, report: Report): Promise<boolean> {
  return (await view(address, '/report'))?.split('\n').includes(report) === true;
}

/** What the other machine's operator has sent to the member on this one. */
export function readTicket(): Promise<string | undefined> {
  return view(THERE.address, '/ticket');
}

export function readAuthority(): Promise<string | undefined> {
  return view(MACHINES.bookworm.address, '/ca');
}

async function view(address: string, path: string): Promise<string | undefined> {
  const response = await fetch(`http://${address}:${WINDOW_PORT}${path}`, { signal: AbortSignal.timeout(5000) }).catch(
    () => undefined,
  );
  return response?.ok ? response.text() : undefined;
}
