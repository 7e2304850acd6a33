import type { Footprint } from './footprint.ts';
import { type Builds, compareBuilds, type Figure, type Results } from './results.ts';
import { isMet, type Target } from './targets.ts';

const HEAD = ['clients', 'peers', 'server', 'OK/s', 'p50 ms', 'p99 ms', 'all s', 'CPU ms', 'wg ms', 'OK', 'failed'];

/** Everything that was measured, for a terminal. */
export function renderResults(results: Results): string {
  const { machine, wireguard, builds, rates, http, storms, withPeers, footprints, wakeUps } = results;
  return [
    `${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}, WireGuard: ${wireguard}`,
    `Load average before the first measurement: ${machine.loadBefore.toFixed(2)}`,
    ...builds.map(renderBuilds),
    renderSection('Clients that do one exchange after the other', HEAD, rates.map(renderFigure)),
    renderSection('The same over HTTP', HEAD, http.map(renderFigure)),
    renderParts([...rates, ...withPeers.filter(({ peers }) => peers > 0)]),
    renderSection('Routers that all come at once', HEAD, storms.map(renderFigure)),
    renderSection('With peers that are there already', HEAD, withPeers.map(renderFigure)),
    renderSection(
      'Memory in MB, at rest and at its highest',
      ['server', 'idle', 'RSS', 'storm', 'RSS', 'crowd', 'RSS'],
      footprints.map(renderFootprint),
    ),
    `wgkex at rest: its threads ran ${wakeUps} times in ten seconds.`,
    'OK/s: answered OK within a window of some seconds; of a storm, until the last had its reply or had given up (all s).',
    'CPU: processor time of an exchange that was answered OK, all processes of the server; wg: of wireguard-go.',
    'storm: the routers that all come at once; crowd: 256 clients, and 10,000 peers that are there already.',
    'Memory: what processes of one program share counts once; RSS: for each of them.',
  ].join('\n');
}

export function renderTargets(targets: readonly Target[]): string {
  const rows = targets.map((target) => [
    target.what,
    `${formatNumber(target.reached)} ${target.unit}`.trim(),
    `${target.isMinimum ? '≥' : '≤'} ${target.wanted}`,
    isMet(target) ? 'met' : 'NOT MET',
  ]);
  return renderSection('To reach', ['', 'reached', 'wanted', ''], rows);
}

/** Each setting of the other build, of this one, and what became of the rate and of the processor time. */
function renderBuilds({ revision, figures }: Builds): string {
  const title = `Another build (before: ${revision}) and this one, in turns`;
  const ratios = compareBuilds(figures).map(({ clients, peers, rate, cpu }) => [
    String(clients),
    String(peers),
    formatNumber(rate),
    formatNumber(cpu),
  ]);
  return [
    renderSection(title, HEAD, figures.map(renderFigure)),
    renderSection('This build by the other one', ['clients', 'peers', 'OK/s', 'CPU'], ratios),
  ].join('\n');
}

function renderParts(figures: readonly Figure[]): string {
  const rows = figures
    .filter(({ server }) => server === 'wgkex')
    .map((figure) => {
      const { cpuSecondsPer1000: all, listenerCpuSecondsPer1000: listener, handlerCpuSecondsPer1000: handler } = figure;
      const parts = [listener, handler, all - listener - handler, figure.wireguardCpuSecondsPer1000];
      return [String(figure.clients), String(figure.peers), ...parts.map(formatNumber)];
    });
  const head = ['clients', 'peers', 'listener', 'handler', 'programs', 'wireguard-go'];
  return renderSection("Processor time of an exchange of wgkex's in ms", head, rows);
}

function renderFigure(figure: Figure): string[] {
  return [
    String(figure.clients),
    String(figure.peers),
    figure.server,
    formatNumber(figure.perSecond),
    formatNumber(figure.p50),
    formatNumber(figure.p99),
    formatNumber(figure.seconds),
    // Seconds for a thousand are milliseconds for one.
    formatNumber(figure.cpuSecondsPer1000),
    formatNumber(figure.wireguardCpuSecondsPer1000),
    String(figure.exchanges),
    Object.entries(figure.failures)
      .map(([failure, count]) => `${count} ${failure}`)
      .join(', '),
  ];
}

function renderFootprint({ server, idle, storm, crowd }: Footprint): string[] {
  const bytes = [idle, storm, crowd].flatMap(({ residentBytes, rssBytes }) => [residentBytes, rssBytes]);
  return [server, ...bytes.map((count) => formatNumber(count / 1e6))];
}

function renderSection(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${title}\n${'-'.repeat(title.length)}\n${renderTable([head, ...rows])}\n`;
}

/** Texts to the left, numbers to the right. */
function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const isText = widths.map((_, column) => rows.slice(1).some((row) => /^[a-z]/i.test(row[column] ?? '')));
  const pad = (cell: string, column: number) =>
    isText[column] === true ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Three digits are more than a repetition would confirm. */
function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return Number.isInteger(value) ? String(value) : value.toFixed(digits);
}
