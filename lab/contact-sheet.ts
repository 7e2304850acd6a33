import { init } from 'echarts';
import type { Panel } from './dashboard.ts';
import type { Series } from './prometheus.ts';

/** A panel with the series of each of its queries. */
export interface Plot {
  readonly panel: Panel;
  readonly results: readonly (readonly Series[])[];
}

/** Pixels for a column of Grafana's grid, and for a row. */
const [COLUMN, ROW] = [70, 34];
const COLUMNS = 24;

/** All panels as Grafana lays them out, as SVG, for people to look at. */
export function drawContactSheet(plots: readonly Plot[]): string {
  const height = Math.max(...plots.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h)) * ROW;
  const parts = plots.map((plot) => {
    const { x, y } = plot.panel.gridPos;
    return drawPanel(plot).replace('<svg ', `<svg x="${x * COLUMN}" y="${y * ROW}" `);
  });
  const size = `width="${COLUMNS * COLUMN}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${parts.join('\n')}</svg>\n`;
}

function drawPanel(plot: Plot): string {
  const { title, type, gridPos } = plot.panel;
  const size = { width: gridPos.w * COLUMN, height: gridPos.h * ROW };
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 12, top: 8, textStyle: { fontSize: 13 } },
    ...(type === 'timeseries' ? plotSeries(plot) : tellLast(plot)),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function plotSeries({ panel, results }: Plot) {
  const { defaults, overrides } = panel.fieldConfig;
  const { unit, min, custom } = defaults;
  const isShown = ({ points }: { points: Series['points'] }) =>
    overrides.length === 0 || points.some(([, value]) => value !== 0);
  return {
    legend: { bottom: 4, itemHeight: 8, textStyle: { fontSize: 10 }, type: 'scroll' },
    grid: { left: 70, right: 20, top: 40, bottom: 50 },
    xAxis: { type: 'time', axisLabel: { fontSize: 9, hideOverlap: true } },
    yAxis: {
      type: custom?.scaleDistribution?.type ?? 'value',
      min,
      axisLabel: { fontSize: 10, formatter: (value: number) => format(value, unit) },
    },
    series: listSeries({ panel, results })
      .filter(isShown)
      .map(({ name, points }) => ({
        name,
        type: 'line',
        showSymbol: points.length === 1,
        ...(custom?.stacking.mode === 'normal' && { stack: 'all', areaStyle: { opacity: 0.3 } }),
        data: points.map(([time, value]) => [time * 1000, value]),
      })),
  };
}

/** A number, or the words that stand for it, or the labels of a table. */
function tellLast({ panel, results }: Plot) {
  const { unit, mappings = [] } = panel.fieldConfig.defaults;
  const texts = results.flat().map(({ labels, points }) => {
    if (panel.type === 'table')
      return Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join('  ');
    const last = points.at(-1)?.[1];
    return last === undefined ? 'No data' : (mappings[0]?.options[String(last)]?.text ?? format(last, unit));
  });
  const text = texts.length === 0 ? 'No data' : texts.join('\n');
  const fontSize = panel.type === 'table' ? 12 : 30;
  return { graphic: { type: 'text', left: 'center', top: 50, style: { text, fontSize, fill: '#1a7f37' } } };
}

/** Names as Grafana makes them: a name that two series have shows that a panel is ambiguous. */
export function listSeries({ panel, results }: Plot) {
  return results.flatMap((series, index) =>
    series.map(({ labels, points }) => {
      const { legendFormat = '' } = panel.targets[index] ?? {};
      return { name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => labels[label] ?? ''), points };
    }),
  );
}

function format(value: number, unit: string): string {
  const short = Number(value.toPrecision(3));
  switch (unit) {
    case 'percentunit':
      return `${Number((value * 100).toPrecision(3))} %`;
    case 'bytes':
      return `${(value / 2 ** 20).toFixed(0)} MiB`;
    case 's':
      return value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${short} s`;
    case 'reqps':
      return `${short}/s`;
    default:
      return String(short);
  }
}
