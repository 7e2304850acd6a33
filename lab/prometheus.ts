import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Background, eventually } from './commands.ts';

/** Where `bin/unpack` puts them. */
const PROGRAMS = fileURLToPath(new URL('../node_modules/.cache/prometheus/', import.meta.url));
export const PROMTOOL = join(PROGRAMS, 'promtool');
const HOST = '127.0.0.1';
const PORT = 19_090;

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The values of one series over time, in seconds since 1970; without values that are not numbers. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [time: number, value: number])[];
}

/** The time between two scrapes; a scrape that takes longer has failed. */
export const SCRAPE_SECONDS = 2;
const SCRAPE = `${SCRAPE_SECONDS}s`;

/** Debian's Prometheus, in the test's own network namespace; it scrapes every two seconds. */
export class Prometheus {
  readonly #process: Background;
  readonly #directory: string;
  readonly #address: string;

  private constructor(process: Background, directory: string, address: string) {
    this.#process = process;
    this.#directory = directory;
    this.#address = address;
  }

  /** Scrapes `target` as the job "wgkex", with a file of rules. Two at a time need a port each. */
  static async start(target: string, rules: string, port = PORT): Promise<Prometheus> {
    const address = `${HOST}:${port}`;
    const directory = await mkdtemp(join(tmpdir(), 'prometheus-'));
    const file = join(directory, 'prometheus.yml');
    const configuration = {
      global: { scrape_interval: SCRAPE, scrape_timeout: SCRAPE, evaluation_interval: '500ms' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'wgkex', static_configs: [{ targets: [target] }] }],
    };
    // JSON is YAML.
    await writeFile(file, JSON.stringify(configuration));
    const options = [`--config.file=${file}`, `--storage.tsdb.path=${directory}/data`];
    const process = new Background(join(PROGRAMS, 'prometheus'), [...options, `--web.listen-address=${address}`]);
    const prometheus = new Prometheus(process, directory, address);
    const isReady = () =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually('Prometheus is ready', async () => process.hasEnded || (await isReady()));
    if (process.hasEnded) throw new Error(`Prometheus ended: ${process.stderr}`);
    return prometheus;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await rm(this.#directory, { recursive: true });
  }

  /** @throws Error if Prometheus cannot evaluate the expression. */
  async query(expression: string): Promise<Sample[]> {
    const { result } = (await this.#get('query', { query: expression })) as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** The values from `since` until now, one for each scrape. @throws Error like {@link Prometheus.query}. */
  async queryRange(expression: string, since: number): Promise<Series[]> {
    const range = { start: String(since), end: String(Date.now() / 1000), step: SCRAPE };
    const { result } = (await this.#get('query_range', { query: expression, ...range })) as {
      result: { metric: Record<string, string>; values: [number, string][] }[];
    };
    return result.map(({ metric, values }) => ({
      labels: metric,
      points: values
        .map(([time, value]) => [time, Number(value)] as const)
        .filter(([, value]) => Number.isFinite(value)),
    }));
  }

  /** The values by one label, or by several joined with a blank; zeros are left out. */
  async count(expression: string, ...labels: string[]): Promise<Record<string, number>> {
    const samples = (await this.query(expression)).filter(({ value }) => value !== 0);
    return Object.fromEntries(
      samples.map((sample) => [
        labels
          .map((name) => sample.labels[name] ?? '')
          .join(' ')
          .trim(),
        sample.value,
      ]),
    );
  }

  /** The names of all metrics that were ever seen. */
  async findNames(): Promise<Set<string>> {
    return new Set((await this.#get('label/__name__/values', {})) as string[]);
  }

  async findRules(): Promise<{ name: string; health: string; query: string }[]> {
    const { groups } = (await this.#get('rules', {})) as { groups: { rules: [] }[] };
    return groups.flatMap(({ rules }) => rules);
  }

  async #get(path: string, parameters: Record<string, string>): Promise<unknown> {
    const response = await fetch(`http://${this.#address}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string };
    if (status !== 'success') throw new Error(`${parameters['query']}: ${error}`);
    return data;
  }
}
