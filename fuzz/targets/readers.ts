import fc from 'fast-check';
import { configurationsLike } from '../arbitraries/configurations.ts';
import { textsLike } from '../arbitraries/texts.ts';
import { printEntries, readTexts } from '../corpus.ts';
import { readClaims, readKeyList, readNames, readRecord } from '../readers/files.ts';
import {
  readConnectedPeers,
  readFleetExchange,
  readFleetReply,
  readState,
  readWorkerData,
  readWorkerKey,
} from '../readers/fleet.ts';
import { readDump, readEntries, readRoutes } from '../readers/kernel.ts';
import { readConfiguration, readLogField, readReply } from '../readers/others.ts';
import type { Reader } from '../readers/reader.ts';
import { buildLocalTarget, type Target } from './target.ts';

const READERS = {
  dump: readDump,
  entries: readEntries,
  routes: readRoutes,
  record: readRecord,
  claims: readClaims,
  keys: readKeyList,
  names: readNames,
  reply: readReply,
  configuration: readConfiguration,
  log: readLogField,
  state: readState,
  exchange: readFleetExchange,
  answer: readFleetReply,
  data: readWorkerData,
  number: readConnectedPeers,
  key: readWorkerKey,
} satisfies Record<string, Reader>;

interface Text {
  readonly reader: keyof typeof READERS;
  readonly text: string;
}

/** Everything else that wgkex reads, and its output from that, parser by parser. */
export function createReadersTarget(): Target<Text> {
  const corpus = readTexts() as readonly Text[];
  const runsOf = (reader: Text['reader']) => {
    const known = corpus.filter((entry) => entry.reader === reader).map(({ text }) => text);
    const texts = reader === 'configuration' ? fc.oneof(textsLike(known), configurationsLike(known)) : textsLike(known);
    return texts.map((text) => ({ reader, text }));
  };
  return buildLocalTarget({
    name: 'readers',
    corpus,
    runs: fc.oneof(...(Object.keys(READERS) as Text['reader'][]).map(runsOf)),
    print: (text) => printEntries('texts', [text]),
    check: async ({ reader, text }) => READERS[reader](text),
  });
}
