/** What the queue, its rows and the frame of the window say. Codes and numbers come in, words go out. */
import type { CancelStep } from '../../shared/cancel.ts';
import type { Kind } from '../../shared/job.ts';
import { runsOnWords } from '../../shared/words/job.ts';
import type { Phase } from '../../shared/live.ts';
import { ago, clock, duration, number, range, roughly, seconds } from './format.ts';
import { common, plural, shortKey } from './common.ts';

export const shellText = {
  skip: 'Skip to the list',
  queue: 'Queue',
  history: 'History',
  newJob: 'New job',
  servers: 'Servers',
  addServer: 'Add a server',
  log: 'Log',
  settings: 'Settings',
  main: 'Main',
  menu: 'Menu',
  loadingView: 'Loading…',
  offline: 'offline',
  connecting: 'connecting',
  paused: 'paused',
  signIn: 'sign in',
  unsupported: 'not usable',
  disabled: 'off',
  linkConnecting: 'Connecting…',
  linkLost: 'Reconnecting… what you see may be old.',
  linkSignedOut: 'This page can no longer talk to Switchyard. Open it again from Switchyard.',
  linkRetry: 'Try now',
  broken: 'This view broke',
  brokenHint: 'Everything else works; the queue was not touched.',
  brokenAction: 'Show it again',
  trouble: 'Nothing can be written to disk, so nothing is sent. Free some space and it resumes.',
  demo: 'demo',
  movedAside: (path: string) => `The database could not be read and was moved aside: ${path}`,
} as const;

export const queueText = {
  title: 'Queue',
  grid: 'Jobs in the queue',
  running: (count: number) => `${number(count)} running`,
  waiting: (count: number) => `${number(count)} waiting`,
  foreignCount: (count: number) => `${number(count)} foreign`,
  idle: 'Nothing runs',
  idleMine: 'Nothing of yours runs',
  pause: 'Pause',
  resume: 'Resume',
  pauseTitle: 'Send no more; servers finish what they have',
  pausedNote: 'Paused: nothing more is sent',
  pausedAll: 'Paused',
  cancelWaiting: 'Cancel waiting…',
  cancelAll: 'Cancel all…',
  cancelSelected: (count: number) => `Cancel ${number(count)}…`,
  selected: (count: number) => `${number(count)} selected`,
  hold: 'Hold',
  release: 'Release',
  moreActions: 'More',
  unselect: 'Clear selection',
  freeze: 'Pause live updates',
  unfreeze: 'Resume live updates',
  inspectorOpen: 'Show details',
  inspectorClose: 'Hide details',

  emptyTitle: 'Nothing running or waiting',
  emptyHint: 'Queue a workflow here, or run one in ComfyUI or SwarmUI: it shows up too.',
  noServersTitle: 'No server yet',
  noServersHint: 'Switchyard manages ComfyUI and SwarmUI servers, on this computer or the network.',
  loadingTitle: 'Reading the queue…',

  sectionCancel: 'Cancel…',
  cancelEveryone: 'Cancel everyone’s work…',
  cancelEveryoneHint: 'Other people’s jobs too',
  freeMemory: 'Free memory',
  showOnly: 'Show only this server',
  showAllServers: 'Show all servers',
  editServer: 'Edit server',
  tryNow: 'Try now',
  pauseNamed: (name: string) => `Pause ${name}`,
  resumeNamed: (name: string) => `Resume ${name}`,
  cancelNamed: (name: string) => `Cancel my jobs on ${name}…`,
  moreOf: (name: string) => `More for ${name}`,
  cancelSince: 'Time since the cancel was asked',
  sectionNothing: 'Nothing here',
  anySection: (kind: Kind) => common.anyServerOf(kind),
  anyMeta: 'goes to whichever is free first',
  answersIn: (ms: number) => `answers in ${duration(ms)}`,
  backends: (count: number) => plural(count, 'backend', 'backends'),
  tryAgainIn: (ms: number) => `trying again in ${roughly(ms)}`,

  divide: (limit: number) =>
    limit <= 2 ? 'waiting here, sent one at a time' : `waiting here, up to ${number(limit)} sent at a time`,
  divideOffline: 'waiting here until the server answers',
  dividePaused: 'waiting here, paused',
  moreForeign: (count: number) => `${plural(count, 'more job', 'more jobs')} of other clients`,

  batchPart: (title: string | null, from: number, to: number, size: number) => {
    const part = from === to ? number(from) : `${number(from)}–${number(to)}`;
    return title === null ? `${part} of ${number(size)} in its batch` : `batch “${title}” ${part} of ${number(size)}`;
  },
  batchMore: (count: number) => `${number(count)} more`,
  batchScattered: (title: string | null, size: number) =>
    title === null ? `some of ${number(size)} in their batch` : `batch “${title}” of ${number(size)}`,
  unfold: (title: string) => `Unfold ${title}`,
  fold: (title: string) => `Fold ${title}`,
  foreignSeen: (remoteKey: string, firstSeen: number, now: number) =>
    `prompt ${shortKey(remoteKey)} · seen ${ago(firstSeen, now)}`,
  foreignOf: (count: number, user: string) => `${common.jobs(count)} of ${user}`,
  foreignOfOthers: (count: number) => `${common.jobs(count)} of other people`,
  foreignNotListed: 'SwarmUI does not list them one by one',
  about: 'About…',

  waitingInSwarm: 'waiting in SwarmUI',
  /** Null: it waits there, but at which place is not known. */
  onServer: (place: number | null) => {
    if (place === null) return 'waiting on the server';
    return place === 1 ? 'next on the server' : `number ${number(place)} on the server`;
  },
  waitingHere: 'waiting',
  held: 'held by you',
  waitingForServer: 'waiting for the server',
  waitingPaused: 'waiting, paused',
  submitting: 'sending…',
  again: 'waiting to be sent again',
  foreignRunning: 'running',
  foreignStopping: 'Cancelling…',
  imageOf: (image: number, images: number) => `Image ${number(image)} of ${number(images)}`,
  stepOf: (step: number, steps: number) => `${number(step)} of ${number(steps)}`,
  nodeOf: (done: number, total: number) => `node ${number(done)} of ${number(total)}`,
  left: (low: number, high: number) => {
    const { text, exact } = range(low, high);
    return exact ? `${text} left` : `about ${text} left`;
  },
  loadingModel: 'Loading the model',
  saving: 'Saving',
  starting: 'Starting',
  collecting: (stored: number, expected: number) =>
    expected === 0 ? 'Fetching its files' : `Fetching files, ${number(stored)} of ${number(expected)}`,
  stale: 'unknown while the server does not answer',
  doneIn: (ms: number) => `done in about ${roughly(ms)}`,

  contextOpen: 'Details',
  contextCancelBatch: (title: string) => `Cancel the whole batch “${title}”…`,
  contextCancelAfter: 'Cancel after this one…',
  contextCancelAfterHint: 'What runs can finish; the rest of the batch is cancelled',
  cancelAfter: 'Cancel after this one…',
  cancelAfterHint: 'What runs can finish, the rest is cancelled',
  cancelEveryoneEverywhere: 'Cancel everyone’s work everywhere…',
  keys: 'Keys',
  toFront: 'To the front',
  up: 'Up',
  down: 'Down',
  toEnd: 'To the end',
  duplicate: 'Queue again',
  runAgainNewSeed: 'Queue again with a new seed',
  stopCollecting: 'Stop waiting for its files',
  queuedAgain: 'Queued again',
} as const;

/** What a running row says: strong words, what follows on the same line, and a second line. */
export interface PhaseWords {
  strong: string;
  rest: string;
  second: string;
}

export function phaseWords(
  phase: Phase | null,
  more: { nodesDone: number | null; nodesTotal: number | null; leftMs: { low: number; high: number } | null },
): PhaseWords {
  const left = more.leftMs === null ? '' : queueText.left(more.leftMs.low, more.leftMs.high);
  const node =
    more.nodesDone === null || more.nodesTotal === null
      ? ''
      : queueText.nodeOf(Math.min(more.nodesDone + 1, more.nodesTotal), more.nodesTotal);
  const second = [node, left].filter((part) => part !== '').join(' · ');
  switch (phase?.phase) {
    case 'running': {
      const step = phase.step === null || phase.steps === null ? '' : queueText.stepOf(phase.step, phase.steps);
      if (phase.node !== null) return { strong: phase.node, rest: step, second };
      return { strong: 'Running', rest: step, second };
    }
    case 'loading-model':
      return { strong: queueText.loadingModel, rest: '', second };
    case 'saving':
      return { strong: queueText.saving, rest: '', second };
    case 'collecting':
      return { strong: queueText.collecting(phase.stored, phase.expected), rest: '', second: '' };
    case 'waiting':
    case undefined:
      return { strong: queueText.starting, rest: '', second };
  }
}

/** What a cancelling row waits for: "waiting for KSampler, step 19 of 30". */
export function waitingFor(phase: Phase | null, step: CancelStep | null): string {
  if (step === 'runs-on') return runsOnWords;
  switch (phase?.phase) {
    case 'running':
      if (phase.node === null)
        return phase.step === null || phase.steps === null
          ? 'waiting for the server'
          : `waiting for step ${queueText.stepOf(phase.step, phase.steps)}`;
      if (phase.step === null || phase.steps === null) return `waiting for ${phase.node}`;
      return `waiting for ${phase.node}, step ${queueText.stepOf(phase.step, phase.steps)}`;
    case 'loading-model':
      return 'waiting for the model to load';
    case 'saving':
      return 'waiting for it to save';
    default:
      return 'waiting for the server';
  }
}

export const inspectorText = {
  label: 'Details',
  none: 'Select a job to see details.',
  many: (count: number) => `${number(count)} jobs picked`,
  noPreview: 'no picture yet',
  previewAlt: (title: string) => `Preview of ${title}`,
  workflow: 'Workflow',
  model: 'Model',
  size: 'Size',
  seed: 'Seed',
  node: 'Node',
  server: 'Server',
  batch: 'Batch',
  note: 'Note',
  images: 'Images',
  runningOn: (server: string, ms: number) => `Running on ${server} for ${clock(ms)}`,
  waitingOn: (server: string) => `Waiting on ${server}`,
  waitingHere: (server: string) => `Waiting here for ${server}`,
  heldHere: 'Held by you',
  collectingFrom: (server: string) => `Fetching its files from ${server}`,
  cancelling: (ms: number) => `Cancelling for ${seconds(ms)}`,
} as const;

export const keysText = {
  title: 'Keys',
  hint: 'Single keys work while the list has the focus. You can turn them off in Settings.',
  anywhere: 'Anywhere',
  inList: 'In the list',
  cancelAll: 'Cancel all…',
  move: 'Move through the jobs',
  pickSeveral: 'Pick several',
  pick: 'Pick or leave out',
  pickAll: 'Pick all',
  details: 'Details',
  unfold: 'Unfold a batch, or go to the buttons',
  cancelPicked: 'Cancel what is picked…',
  moveInQueue: 'Move up or down the queue',
  toFront: 'To the front',
  toEnd: 'To the end',
  hold: 'Hold or release',
  pause: 'Pause or resume',
  sheet: 'This sheet',
} as const;

/** What the live region says, gathered over two seconds. */
export function announcement(counts: { started: number; done: number; failed: number; cancelled: number }): string {
  const parts = [
    counts.started > 0 ? `${common.jobs(counts.started)} started` : '',
    counts.done > 0 ? `${common.jobs(counts.done)} finished` : '',
    counts.failed > 0 ? `${common.jobs(counts.failed)} failed` : '',
    counts.cancelled > 0 ? `${common.jobs(counts.cancelled)} cancelled` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
