// All tests of core in one process: they share nothing, and ten times as long would go by with a process for each.
import { readdir } from 'node:fs/promises';

const directory = new URL('.', import.meta.url);
const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.test.ts'));
for (const file of files.sort()) await import(new URL(file, directory).href);
