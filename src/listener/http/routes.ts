/** What a path is for. */
export type Route = {
  /** For the metrics. */
  readonly label: string;
  readonly methods: readonly string[];
} & ({ readonly kind: 'v1' | 'v2' } | { readonly kind: 'text'; readonly text: string });

const V1: Route = { label: 'v1', kind: 'v1', methods: ['POST'] };
const V2: Route = { label: 'v2', kind: 'v2', methods: ['POST'] };
const READING = ['GET', 'HEAD'];

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/api/v1/wg/key/exchange', V1],
  ['/api/v2/wg/key/exchange', V2],
  ['/', { label: '/', kind: 'text', text: 'wgkex\n', methods: READING }],
  ['/ping', { label: '/ping', kind: 'text', text: 'pong\n', methods: READING }],
]);

/** `more` are the paths that the configuration adds for what v1 does. */
export function findRoute(target: string, more: readonly string[]): Route | undefined {
  const path = target.replace(/\?.*$/, '');
  return ROUTES.get(path) ?? (more.includes(path) ? V1 : undefined);
}
