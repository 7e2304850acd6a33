import { readFileSync } from 'node:fs';

const FILE = '/usr/share/wgkex/grafana-dashboard.json';

export interface Panel {
  readonly title: string;
  readonly type: 'stat' | 'timeseries' | 'table';
  /** A row has 24 columns. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string;
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly text: string }>> }[];
      readonly min: number;
      readonly custom?: {
        readonly stacking: { readonly mode: 'none' | 'normal' };
        readonly scaleDistribution?: { readonly type: 'log' };
      };
    };
    /** The only ones in use hide series that are always zero. */
    readonly overrides: readonly unknown[];
  };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** Its panels take no space, and ask for nothing, while it is collapsed. */
interface Row extends Pick<Panel, 'title' | 'gridPos'> {
  readonly type: 'row';
  readonly collapsed: boolean;
  readonly panels: readonly Panel[];
}

/** What the tests read of Grafana's document. */
interface Dashboard {
  readonly rows: readonly Row[];
  /** Those of the rows among them. */
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

/** The dashboard that was installed. */
export function readDashboard(): Dashboard {
  const { panels, templating } = JSON.parse(readFileSync(FILE, 'utf8')) as {
    panels: (Panel | Row)[];
    templating: Dashboard['templating'];
  };
  return {
    rows: panels.filter((panel) => panel.type === 'row'),
    panels: panels.flatMap((panel) => (panel.type === 'row' ? panel.panels : [panel])),
    templating,
  };
}

/** Replaces variables as Grafana does. */
export function replaceVariables(expression: string, rateInterval: string): string {
  return expression.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(instance|domain)\b/g, '.*');
}
