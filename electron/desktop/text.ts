/**
 * The sentences only the desktop shell says: menus, dialogs, notifications, the terminal. The tray's are in tray/model.ts;
 * what the window says too is in shared/words.
 */
import type { WireError } from '../../shared/errors.ts';
import { jobs } from '../../shared/words/count.ts';
import { errorSentence } from '../../shared/words/errors.ts';

export const appText = {
  name: 'Switchyard',
  trayTip: (status: string) => `Switchyard: ${status}`,
} as const;

export const noticeText = {
  failed: (title: string) => `“${title}” failed`,
  failedMany: (count: number) => `${jobs(count)} failed`,
  failedOf: (count: number, batch: string) => `${jobs(count)} of “${batch}” failed`,
  names: (names: readonly string[], more: number) => names.join('\n') + (more > 0 ? `\nand ${String(more)} more` : ''),
  late: (title: string) => `“${title}” has not stopped yet`,
  lateMany: (count: number) => `${jobs(count)} have not stopped yet`,
  lateBody: (server: string | null) =>
    `${server ?? 'The server'} was asked and keeps running. Open Switchyard to decide.`,
  queueDone: 'The queue is done',
  queueDoneBody: ({ done, failed, cancelled }: { done: number; failed: number; cancelled: number }) =>
    [
      ...(done > 0 ? [`${String(done)} done`] : []),
      ...(failed > 0 ? [`${String(failed)} failed`] : []),
      ...(cancelled > 0 ? [`${String(cancelled)} cancelled`] : []),
    ].join(', '),
  /** What a server said of its own node is worth more than our word for it. */
  why: (error: WireError | null) =>
    error === null ? '' : error.code === 'execution_failed' ? error.message : errorSentence(error.code),
  newVersion: (version: string) => `Switchyard ${version} is out`,
  newVersionBody: 'Click to see what is new and where to get it.',
} as const;

export const closeDialog = {
  message: 'Keep Switchyard in the tray?',
  detail: 'The queue goes on there, and jobs can be cancelled from its menu. Quitting leaves what runs to the servers.',
  tray: 'Keep in tray',
  quit: 'Quit',
  stay: 'Keep window open',
  remember: 'Do this every time',
} as const;

export const quitDialog = {
  message: (running: number, waiting: number) =>
    `Quit while ${
      [
        ...(running > 0 ? [`${jobs(running)} ${running === 1 ? 'runs' : 'run'}`] : []),
        ...(waiting > 0
          ? [`${running > 0 ? String(waiting) : jobs(waiting)} ${waiting === 1 ? 'waits' : 'wait'}`]
          : []),
      ].join(' and ') || 'jobs are open'
    }?`,
  detail:
    'What is on a server keeps running there and is picked up at the next start. What waits with Switchyard stays queued on disk.',
  keep: 'Quit, jobs keep running on the servers',
  cancel: 'Cancel jobs and quit',
  stay: 'Don’t quit',
  remember: 'Do this every time',
} as const;

export const cancellingDialog = {
  message: (left: number) => `Cancelling ${jobs(left)}…`,
  detail:
    'A running job stops at its next step; the queue shows how far they are. Switchyard quits when all have ended.',
  now: 'Quit now',
  stay: 'Don’t quit',
} as const;

export const updateDialog = {
  message: (version: string) => `Switchyard ${version} is ready`,
  detail: 'It is installed when Switchyard restarts. Jobs on the servers keep running and are picked up again.',
  restart: 'Restart now',
  later: 'Later',
  wait: 'A job is being sent right now. Try again in a moment.',
} as const;

export const secretsDialog = {
  message: 'This system has no keychain Switchyard can use',
  detail:
    'Sign-ins would be kept on this disk with a key that other programs know. Install or unlock GNOME Keyring or KWallet to have them protected.',
  keep: 'Keep them anyway',
  forget: 'Don’t remember sign-ins',
} as const;

export const startText = {
  failedTitle: 'Switchyard can’t start',
  second: 'Switchyard is open already; its window is shown.',
  failedToEnd: 'Something went wrong on exit',
  failedToDo: 'That could not be done',
  windowGone: 'The window crashed several times in a row',
  windowGoneDetail: 'The queue goes on. Open the window again from the tray, or restart Switchyard.',
  stuck: 'The window does not answer',
  stuckDetail: 'The queue is not affected.',
  reload: 'Reload it',
  wait: 'Wait',
} as const;

export const failedPageText = {
  title: 'The window could not be loaded',
  detail: 'The queue runs on; nothing is lost. The log in Switchyard’s data folder says what went wrong.',
  retry: 'Try again',
} as const;

export const menuText = {
  app: 'Switchyard',
  about: 'About Switchyard',
  hide: 'Hide Switchyard',
  hideOthers: 'Hide others',
  showAll: 'Show all',
  quit: 'Quit Switchyard',
  file: 'File',
  newJob: 'New job',
  close: 'Close window',
  edit: 'Edit',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  selectAll: 'Select all',
  queue: 'Queue',
  cancelAll: 'Cancel all…',
  cancelWaiting: 'Cancel waiting…',
  pause: 'Pause sending',
  resume: 'Resume sending',
  view: 'View',
  showQueue: 'Queue',
  showHistory: 'History',
  showServers: 'Servers',
  showSettings: 'Settings…',
  showLog: 'Log',
  zoomIn: 'Larger',
  zoomOut: 'Smaller',
  zoomReset: 'Actual size',
  fullScreen: 'Full screen',
  window: 'Window',
  minimize: 'Minimise',
} as const;
