import { renderFields } from '../../terminal/fields.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { fold } from '../../terminal/words.ts';

/** As in htop(1), and `R` as in top(1). The man page has the same table. */
export const KEYS: readonly (readonly [keys: string, effect: string])[] = [
  ['Up Down PgUp PgDn', 'scroll'],
  ['Home End', 'go to the first or the last peer'],
  ['< >  F6', 'sort by the column to the left or right'],
  ['I  R', 'reverse the order'],
  ['/  F4', 'show only peers with the text that you type'],
  ['Enter', 'keep that filter, and leave its line'],
  ['Esc', 'clear the filter'],
  ['h  ?  F1', 'show these keys'],
  ['q  F10  Ctrl-C', 'quit'],
];

export function renderHelp(terminal: Terminal): string[] {
  const { paint } = terminal;
  const about = [
    'The filter looks for the text in key, address, endpoint, MAC address, state and domain, in small or capital letters.',
    'The entries, by which < and > sort too, are those that wgkex adds to the VXLAN; peers that lack some come first.',
  ];
  return [
    paint('strong', 'Keys of wgkex watch'),
    ...renderFields(KEYS, terminal),
    '',
    ...about.flatMap((line) => fold(line, terminal.width, '')),
    '',
    paint('faint', 'Any key goes back.'),
  ];
}
