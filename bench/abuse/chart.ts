import { init } from 'echarts';
import type { MemorySample } from './memory.ts';
import type { CaseReport } from './report.ts';

const COLUMNS = 2;
const WIDTH = 1000;
const ROW_HEIGHT = 230;
const HEAD_HEIGHT = 60;
const MEGABYTE = 1_000_000;
const PARTS = [
  { name: 'listener', colour: '#4477aa' },
  { name: 'handler', colour: '#ee6677' },
] as const;

/** The memory of both parts over time, a panel for each case, as SVG. */
export function drawMemory(reports: readonly CaseReport[]): string {
  const height = HEAD_HEIGHT + Math.ceil(reports.length / COLUMNS) * ROW_HEIGHT;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const most = Math.max(
    ...reports.flatMap(({ memory }) => memory.flatMap(({ listener, handler }) => [listener, handler])),
  );
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      { text: 'Resident memory under abuse, in MB over seconds', left: 20, top: 10, textStyle: { fontSize: 16 } },
      ...reports.map(({ name }, index) => ({ text: name, ...titleAt(index), textStyle: { fontSize: 12 } })),
    ],
    legend: { data: PARTS.map(({ name }) => name), right: 20, top: 12 },
    color: PARTS.map(({ colour }) => colour),
    grid: reports.map((_, index) => gridAt(index)),
    xAxis: reports.map((_, gridIndex) => ({ type: 'value', gridIndex })),
    yAxis: reports.map((_, gridIndex) => ({ type: 'value', gridIndex, min: 0, max: roundUp(most / MEGABYTE) })),
    series: reports.flatMap(({ memory }, index) => PARTS.map(({ name }) => lineOf(name, memory, index))),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function lineOf(name: 'listener' | 'handler', memory: readonly MemorySample[], index: number) {
  const data = memory.map((sample) => [sample.seconds, sample[name] / MEGABYTE]);
  return { name, type: 'line' as const, showSymbol: false, xAxisIndex: index, yAxisIndex: index, data };
}

function gridAt(index: number) {
  const { left, top } = titleAt(index);
  return { left: left + 20, top: top + 25, width: WIDTH / COLUMNS - 80, height: ROW_HEIGHT - 75 };
}

function titleAt(index: number) {
  return {
    left: 25 + (index % COLUMNS) * (WIDTH / COLUMNS),
    top: HEAD_HEIGHT + Math.floor(index / COLUMNS) * ROW_HEIGHT,
  };
}

function roundUp(megabytes: number): number {
  return Math.ceil(megabytes / 50) * 50;
}
