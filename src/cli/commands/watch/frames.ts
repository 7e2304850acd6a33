import { setTimeout as sleep } from 'node:timers/promises';
import { Screen } from '../../terminal/screen.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { renderHelp } from './help.ts';
import type { WatchOrder } from './orders.ts';
import { selectWatched } from './selection.ts';
import { type Frame, findExtent, renderFrame, type Shown } from './text.ts';
import { press, startView, type View } from './view.ts';

/** Shows one look after another on the terminal, until the operator quits. A key acts at once, on the latest look. */
export async function showFrames(look: () => Promise<Frame>, order: WatchOrder): Promise<void> {
  let view = startView(order);
  let shown: Shown | undefined;
  const screen = new Screen({
    render: () => (shown === undefined ? [] : renderShown(shown, screen.height)),
    press: (key) => {
      const pressed = press(view, key, findShownExtent(shown, screen.height));
      if (pressed === 'quit') return screen.quit();
      shown = shown && update(shown, pressed);
      view = pressed;
      screen.draw();
    },
  });
  try {
    while (!screen.ended.aborted) {
      const frame = await look();
      shown = { frame, view, selected: selectWatched(frame.watched, view) };
      screen.draw();
      await sleep(frame.intervalSeconds * 1000, undefined, { signal: screen.ended }).catch(() => {});
    }
  } finally {
    screen.close();
  }
}

function renderShown(shown: Shown, height: number): string[] {
  const terminal = findTerminal();
  return shown.view.isHelp ? renderHelp(terminal) : renderFrame(shown, terminal, height);
}

/** Before the first look there is nothing to scroll. */
function findShownExtent(shown: Shown | undefined, height: number) {
  return shown === undefined ? { peers: 0, room: 1, hasDomains: false } : findExtent(shown, findTerminal(), height);
}

/** Scrolling neither filters nor sorts again. */
function update({ frame, view: old, selected }: Shown, view: View): Shown {
  const isSame = view.filter === old.filter && view.order === old.order && view.isReversed === old.isReversed;
  return { frame, view, selected: isSame ? selected : selectWatched(frame.watched, view) };
}
