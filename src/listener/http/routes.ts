/** What a path is for. */
export type Route = {
  /** For the metrics. */
  readonly label: string;
  readonly methods: readonly string[];
} & ({ readonly kind: Api } | { readonly kind: 'text'; readonly text: string });
/** Two for routers and one for members. */
export type Api = 'v1' | 'v2' | 'lease';

const V1: Route = { label: 'v1', kind: 'v1', methods: ['POST'] };
const V2: Route = { label: 'v2', kind: 'v2', methods: ['POST'] };
const LEASE: Route = { label: 'lease', kind: 'lease', methods: ['POST'] };
const LEASE_PATH = '/api/v1/lease';
const READING = ['GET', 'HEAD'];

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/api/v1/wg/key/exchange', V1],
  ['/api/v2/wg/key/exchange', V2],
  ['/', { label: '/', kind: 'text', text: 'wgkex\n', methods: READING }],
  ['/ping', { label: '/ping', kind: 'text', text: 'pong\n', methods: READING }],
]);

/** `more` are the paths that the configuration adds for what v1 does. */
export function findRoute(
  target: string,
  { more, hasLeases }: { readonly more: readonly string[]; readonly hasLeases: boolean },
): Route | undefined {
  const path = target.replace(/\?.*$/, '');
  if (path === LEASE_PATH && hasLeases) return LEASE;
  return ROUTES.get(path) ?? (more.includes(path) ? V1 : undefined);
}
