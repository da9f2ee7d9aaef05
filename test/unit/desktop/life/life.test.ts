import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import { describe, expect, it } from 'vitest';
import { Life, quitQuestion } from '../../../../electron/desktop/life/life.ts';
import { cancellingDialog } from '../../../../electron/desktop/text.ts';

/** Its boxes are answered when a test says so, as `dialog.showMessageBox` is by a person (lib/browser/api/dialog.ts). */
function site() {
  const seen: string[] = [];
  const boxes: { options: MessageBoxOptions; answer: (response: number, checkboxChecked?: boolean) => void }[] = [];
  const counts = { running: 2, waiting: 3 };
  let cancelAll: () => Promise<void> = async () => undefined;
  let closeCore: () => Promise<void> = async () => undefined;
  const life = new Life({
    facts: () => ({
      busy: counts.running + counts.waiting > 0,
      submitting: false,
      tray: true,
      settings: { closeToTray: 'ask', quitWithWork: 'ask' },
    }),
    counts: () => counts,
    show: (options) =>
      new Promise<MessageBoxReturnValue>((resolve) =>
        boxes.push({
          options,
          answer: (response, checkboxChecked = false) => {
            resolve({ response, checkboxChecked });
          },
        }),
      ),
    hideWindow: () => seen.push('hide'),
    progress: (fraction) => seen.push(`progress ${fraction === null ? 'ends' : fraction.toFixed(1)}`),
    remember: (settings) => seen.push(JSON.stringify(settings)),
    cancelAll: () => (seen.push('cancel all'), cancelAll()),
    closeCore: () => (seen.push('close core'), closeCore()),
    exit: () => seen.push('exit'),
    installUpdate: () => seen.push('install'),
    updateLater: () => seen.push('later'),
    reconnect: () => seen.push('reconnect'),
    failed: (error) => seen.push(String(error)),
  });
  const settle = (): Promise<void> => new Promise(setImmediate);
  return {
    life,
    seen,
    boxes,
    counts,
    settle,
    failClose: (error: Error) => {
      closeCore = () => Promise.reject(error);
    },
    failCancel: (error: Error) => {
      cancelAll = () => Promise.reject(error);
    },
  };
}

describe('life at work', () => {
  it('counts down while it cancels, and ends with the last job', async () => {
    const { life, seen, boxes, counts, settle } = site();
    life.input({ type: 'quit' });
    boxes[0]?.answer(1, true);
    await settle();
    expect(boxes[1]?.options.message).toBe('Cancelling 5 jobs…');
    counts.waiting = 0;
    life.queueChanged();
    counts.running = 0;
    life.queueChanged();
    await settle();
    expect(seen).toEqual([
      '{"quitWithWork":"cancel"}',
      'progress 0.0',
      'cancel all',
      'progress 0.0',
      'progress 0.6',
      'progress ends',
      'close core',
      'exit',
    ]);
    // The box that is still on the screen answers nothing any more.
    expect(boxes[1]?.options.signal?.aborted).toBe(true);
    boxes[1]?.answer(1);
    await settle();
    expect(life.over).toBe(true);
  });
  it('quits at once when told so, with the rest of the cancels kept on disk', async () => {
    const { life, seen, boxes, settle } = site();
    life.input({ type: 'quit' });
    boxes[0]?.answer(1);
    await settle();
    expect(boxes[1]?.options.buttons).toEqual([cancellingDialog.now, cancellingDialog.stay]);
    boxes[1]?.answer(0);
    await settle();
    expect(seen.slice(-3)).toEqual(['progress ends', 'close core', 'exit']);
  });
  it('stays when the cancels can’t even be asked for', async () => {
    const { life, seen, boxes, settle, failCancel } = site();
    failCancel(new Error('disk full'));
    life.input({ type: 'quit' });
    boxes[0]?.answer(1);
    await settle();
    await settle();
    expect(seen).toContain('Error: disk full');
    expect(seen).not.toContain('close core');
    expect(life.ending).toBe(false);
  });
  it('a question that was overtaken answers nothing', async () => {
    const { life, seen, boxes, settle } = site();
    life.input({ type: 'close' });
    life.input({ type: 'system-ends' });
    boxes[0]?.answer(0, true);
    await settle();
    expect(seen).toEqual(['progress ends', 'close core', 'exit']);
  });
  it('a core that fails to close does not keep the process', async () => {
    const { life, seen, counts, settle, failClose } = site();
    counts.running = 0;
    counts.waiting = 0;
    failClose(new Error('disk full'));
    life.input({ type: 'quit' });
    await settle();
    expect(seen).toEqual(['close core', 'Error: disk full', 'exit']);
  });
  it('an update begins when the core is closed', async () => {
    const { life, seen, settle } = site();
    life.input({ type: 'update' });
    await settle();
    expect(seen).toEqual(['close core', 'install']);
  });
});

it.each([
  [1, 0, 'Quit while 1 job runs?'],
  [2, 0, 'Quit while 2 jobs run?'],
  [0, 1, 'Quit while 1 job waits?'],
  [0, 5, 'Quit while 5 jobs wait?'],
  [1, 1, 'Quit while 1 job runs and 1 waits?'],
  [2, 3, 'Quit while 2 jobs run and 3 wait?'],
  [0, 0, 'Quit while jobs are open?'],
])('%i running, %i waiting: %s', (running, waiting, text) => {
  expect(quitQuestion(running, waiting)).toMatchObject({ message: text, defaultId: 0, cancelId: 2 });
});
