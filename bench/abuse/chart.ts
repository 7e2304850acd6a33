import { init } from 'echarts';
import type { AbuseReport, CaseReport } from './report.ts';

const WIDTH = 1200;
const HEIGHT = 480;
const MEGABYTE = 1_000_000;
const PARTS = [
  { name: 'listener', colour: '#4477aa' },
  { name: 'handler', colour: '#ee6677' },
] as const;
const SHADES = ['#f4f4f4', '#e8e8e8'] as const;

/** The memory of both parts over time, with the cases behind it, as SVG. */
export function drawMemory({ cases, memory }: AbuseReport): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: 'Resident memory under abuse', left: 20, top: 10, textStyle: { fontSize: 16 } },
    legend: { data: PARTS.map(({ name }) => name), right: 30, top: 12 },
    color: PARTS.map(({ colour }) => colour),
    grid: { left: 60, right: 30, top: 60, bottom: 60 },
    xAxis: { type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 30, max: 'dataMax' },
    yAxis: { type: 'value', name: 'MB', min: 0 },
    series: PARTS.map(({ name }, index) => ({
      name,
      type: 'line',
      showSymbol: false,
      data: memory.map((sample) => [sample.seconds, sample[name] / MEGABYTE]),
      ...(index === 0 ? { markArea: { data: cases.map(shade) } } : {}),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function shade({ name, begin, end }: CaseReport, index: number) {
  const label = { position: 'insideBottom' as const, rotate: 90, align: 'left' as const, distance: 10 };
  const itemStyle = { color: SHADES[index % SHADES.length] ?? '' };
  return [{ name, xAxis: begin, label, itemStyle }, { xAxis: end }] as [object, object];
}
