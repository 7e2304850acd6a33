import { readdirSync, readFileSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * The metrics that Prometheus expects of every process (prometheus.io/docs/instrumenting/writing_clientlibs), read at
 * each scrape. The default metrics of prom-client would wake the process up a hundred times a second.
 */
export function registerProcessMetrics(registry: Registry): void {
  const measure = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(attempt(read));
      },
    });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time, in seconds.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1_000_000);
    },
  });
  const startedSeconds = Date.now() / 1000 - process.uptime();
  measure('process_start_time_seconds', 'Start time of the process, in seconds since 1970.', () => startedSeconds);
  measure('process_resident_memory_bytes', 'Resident memory in bytes.', () => process.memoryUsage.rss());
  measure('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length);
  measure('process_max_fds', 'The most file descriptors that may be open.', readMaxDescriptors);
}

/** Without a free descriptor nothing in /proc can be read, but the other metrics are still worth knowing. */
function attempt(read: () => number): number {
  try {
    return read();
  } catch {
    return Number.NaN;
  }
}

function readMaxDescriptors(): number {
  const [, soft] = readFileSync('/proc/self/limits', 'utf8').match(/^Max open files +(\d+)/m) ?? [];
  return Number(soft ?? Number.POSITIVE_INFINITY);
}
