import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Extent, press, startView, type View } from '../../../src/cli/commands/watch/view.ts';

const EXTENT: Extent = { peers: 100, room: 10, hasDomains: false };

/** The view after these keys, or `quit`. */
function type(keys: readonly string[], extent = EXTENT): View | 'quit' {
  return keys.reduce<View | 'quit'>(
    (view, key) => (view === 'quit' ? view : press(view, key, extent)),
    startView('traffic'),
  );
}

/** The members of the view that differ from the one at the start. */
function findChanges(keys: readonly string[], extent = EXTENT): object | 'quit' {
  const view = type(keys, extent);
  if (view === 'quit') return view;
  const start: Record<string, unknown> = { ...startView('traffic') };
  return Object.fromEntries(Object.entries(view).filter(([name, value]) => value !== start[name]));
}

const CASES: readonly (readonly [what: string, keys: readonly string[], changes: object | 'quit'])[] = [
  ['Down scrolls by a line', ['down', 'down'], { top: 2 }],
  ['Up stops at the first peer', ['down', 'up', 'up'], {}],
  ['PgDn scrolls by a screen', ['pagedown'], { top: 10 }],
  ['PgUp scrolls back by one', ['pagedown', 'pagedown', 'pageup'], { top: 10 }],
  ['End shows the last peers', ['end'], { top: 90 }],
  ['PgDn stops at the last peers, and Up leaves them at once', ['end', 'pagedown', 'up'], { top: 89 }],
  ['Home shows the first peers', ['end', 'home'], {}],
  ['> sorts by the column to the right, from the top', ['down', '>'], { order: 'entries' }],
  ['< sorts by the column to the left', ['<', ','], { order: 'received' }],
  ['after the last column comes the first one; domain is not one without domains', ['.', 'f6'], { order: 'key' }],
  ['I reverses', ['down', 'I'], { isReversed: true }],
  ['R reverses, too, and again', ['I', 'R'], {}],
  ['another column is not reversed', ['I', '>'], { order: 'entries' }],
  ['/ takes letters for the filter', ['down', '/', 'q', '?', '/'], { filter: 'q?/', isTyping: true }],
  ['F4 does so, too', ['f4', 'h'], { filter: 'h', isTyping: true }],
  ['Enter keeps the filter', ['/', 'a', 'return', 'x'], { filter: 'a' }],
  ['a second / goes on with the filter', ['/', 'a', 'return', '/', 'b'], { filter: 'ab', isTyping: true }],
  ['Backspace takes the last letter away', ['/', 'a', 'b', 'backspace'], { filter: 'a', isTyping: true }],
  ['Ctrl-U takes all away', ['/', 'a', 'b', 'ctrl-u'], { isTyping: true }],
  ['Esc while typing clears the filter', ['/', 'a', 'escape'], {}],
  ['Esc later clears it, too', ['/', 'a', 'return', 'escape'], {}],
  ['Down scrolls while typing', ['/', 'a', 'down'], { filter: 'a', isTyping: true, top: 1 }],
  ['a filter has an end', ['/', ...'x'.repeat(100)], { filter: 'x'.repeat(60), isTyping: true }],
  ['h shows the keys', ['h'], { isHelp: true }],
  ['? shows them, too', ['?'], { isHelp: true }],
  ['F1 shows them, too', ['f1'], { isHelp: true }],
  ['any key goes back from there', ['h', 'q'], {}],
  ['unknown keys do nothing', ['x', 'f12', 'left', 'ctrl-a', 'undefined'], {}],
  ['q quits', ['q'], 'quit'],
  ['Q quits', ['Q'], 'quit'],
  ['F10 quits', ['f10'], 'quit'],
  ['Ctrl-C quits, even while typing', ['/', 'ctrl-c'], 'quit'],
  ['F10 quits the help', ['h', 'f10'], 'quit'],
];

describe('press()', () => {
  for (const [what, keys, changes] of CASES) test(what, () => assert.deepEqual(findChanges(keys), changes));

  test('sorts by domain where there are several', () => {
    assert.deepEqual(findChanges(['>', '>'], { ...EXTENT, hasDomains: true }), { order: 'domain' });
  });

  test('never scrolls if everything fits', () => {
    assert.deepEqual(findChanges(['end', 'down', 'pagedown'], { ...EXTENT, peers: 10 }), {});
  });

  test('scrolls from what is shown if the list became shorter', () => {
    const view = { ...startView('key'), top: 90 };
    assert.deepEqual(press(view, 'up', { ...EXTENT, peers: 30 }), { ...view, top: 19 });
  });
});
