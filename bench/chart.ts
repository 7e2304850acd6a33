import { init } from 'echarts';
import type { Figure, Results, Storm } from './results.ts';

const SIZE = { width: 1200, height: 900 };
/** Of the palette of Okabe and Ito, which people who see colours differently can tell apart. */
const LOOKS = {
  old: { name: 'shell service', color: '#d55e00' },
  wgkex: { name: 'wgkex', color: '#0072b2' },
  limit: { name: 'bare Node server, does nothing', color: '#999999' },
} as const;
type Shown = keyof typeof LOOKS;
const SHOWN = Object.keys(LOOKS) as Shown[];
const PANELS = [
  { left: 80, top: 130 },
  { left: 680, top: 130 },
  { left: 80, top: 540 },
  { left: 680, top: 540 },
].map((place) => ({ ...place, width: 480, height: 290 }));
const TITLE_GAP = 40;

interface Panel {
  readonly title: string;
  readonly xAxis: object;
  readonly yAxis: object;
  readonly series: readonly object[];
}

/** Rates, latencies, a storm and processor time of the three servers, as SVG. */
export function renderChart(results: Results): string {
  const { cores, kernel, node } = results.machine;
  const all = [...results.rates, ...results.storms];
  const panels = [
    barsByClients('Exchanges answered OK per second', results.rates, 1, ({ perSecond }) => perSecond),
    linesByClients('Connect to reply in ms: half of all (solid), 99 of 100 (dashed)', results.rates),
    storm(results.storms),
    // Seconds for a thousand are milliseconds for one.
    barsByClients('Processor time of an exchange in ms', all, 0.01, ({ cpuSecondsPer1000 }) => cpuSecondsPer1000),
  ];
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      {
        text: 'wgkex, the shell service that it replaces, and what Node alone can do',
        subtext: `${cores} cores, Linux ${kernel}, Node ${node}, ${results.wireguard}, all in one run`,
        left: 'center',
      },
      ...panels.map(({ title }, index) => ({
        text: title,
        left: PANELS[index]?.left,
        top: (PANELS[index]?.top ?? 0) - TITLE_GAP,
        textStyle: { fontSize: 14 },
      })),
    ],
    legend: { bottom: 8, itemGap: 40, data: SHOWN.map((server) => LOOKS[server].name) },
    grid: PANELS,
    xAxis: panels.map(({ xAxis }, gridIndex) => ({ ...xAxis, gridIndex })),
    yAxis: panels.map(({ yAxis }, gridIndex) => ({ type: 'log', ...yAxis, gridIndex })),
    series: panels.flatMap(({ series }, index) =>
      series.map((one) => ({ ...one, xAxisIndex: index, yAxisIndex: index })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** Bars cannot begin at zero where the axis is logarithmic, but at `startValue`. */
function barsByClients(
  title: string,
  figures: readonly Figure[],
  startValue: number,
  value: (figure: Figure) => number,
): Panel {
  const series = SHOWN.map((server) => ({
    type: 'bar',
    ...look(server),
    label: {
      show: true,
      position: 'top',
      fontSize: 10,
      formatter: ({ value: shown }: { value: number }) => round(shown),
    },
    data: figures.filter((figure) => figure.server === server).map(value),
  }));
  return { title, xAxis: clientsAxis(figures), yAxis: { startValue }, series };
}

function linesByClients(title: string, figures: readonly Figure[]): Panel {
  const series = SHOWN.flatMap((server) =>
    (['p50', 'p99'] as const).map((quantile) => ({
      type: 'line',
      ...look(server),
      lineStyle: { type: quantile === 'p50' ? 'solid' : 'dashed' },
      data: figures.filter((figure) => figure.server === server).map((figure) => figure[quantile]),
    })),
  );
  return { title, xAxis: clientsAxis(figures), yAxis: {}, series };
}

/** How many of the routers that came at once were served after which time. */
function storm(storms: readonly Storm[]): Panel {
  const routers = storms[0]?.clients ?? 0;
  const series = storms.map(({ server, served }) => ({
    type: 'line',
    ...look(server as Shown),
    showSymbol: false,
    data: served.map((point) => [point.milliseconds / 1000, point.routers]),
  }));
  return {
    title: `${routers} routers at once: how many are served when`,
    xAxis: { type: 'log', ...nameAxis('seconds') },
    yAxis: { type: 'value', max: routers },
    series,
  };
}

function clientsAxis(figures: readonly Figure[]): object {
  const counts = [...new Set(figures.map(({ clients }) => clients))];
  return { type: 'category', ...nameAxis('clients at a time'), data: counts.map(String) };
}

function nameAxis(name: string): object {
  return { name, nameLocation: 'middle', nameGap: 28 };
}

function look(server: Shown) {
  const { name, color } = LOOKS[server];
  return { name, itemStyle: { color }, color };
}

function round(value: number): string {
  return String(Number(value.toPrecision(2)));
}
