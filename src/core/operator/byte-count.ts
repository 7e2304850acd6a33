const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const STEP = 1024;

/** A number of bytes as a person reads it, in at most 8 characters: `0 B`, `980 B`, `1.5 KiB`, `340 MiB`. */
export function formatBytes(bytes: number): string {
  const [amount, unit] = scale(bytes);
  return `${amount} ${unit}`;
}

/** The same for narrow columns, in at most 5 characters, as `ls -h` prints it: `980`, `1.5K`, `340M`. */
export function formatBytesShort(bytes: number): string {
  const [amount, unit] = scale(bytes);
  return unit === 'B' ? amount : `${amount}${unit.charAt(0)}`;
}

/** One decimal place below ten, none from ten on. */
function scale(bytes: number): [amount: string, unit: string] {
  let amount = bytes;
  let unit = 0;
  while (Math.round(amount) >= STEP && unit < UNITS.length - 1) {
    amount /= STEP;
    unit += 1;
  }
  const isSmall = unit > 0 && amount < 9.95;
  return [isSmall ? amount.toFixed(1) : String(Math.round(amount)), UNITS[unit] ?? ''];
}
