import { readdirSync, readFileSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * What Prometheus expects of every process (prometheus.io/docs/instrumenting/writing_clientlibs), read when it asks.
 * Those that prom-client brings would wake the process up a hundred times a second.
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
    help: 'Time on the processor, of user and system, in seconds.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1_000_000);
    },
  });
  const startedSeconds = Date.now() / 1000 - process.uptime();
  measure('process_start_time_seconds', 'Start of the process, in seconds since 1970.', () => startedSeconds);
  measure('process_resident_memory_bytes', 'Resident memory in bytes.', () => process.memoryUsage.rss());
  measure('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length);
  measure('process_max_fds', 'The most file descriptors that there may be.', readMaxDescriptors);
}

/** Without a free descriptor nothing of /proc can be read, and all else is worth knowing. */
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
