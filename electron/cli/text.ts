/** What `switchyard` says in a terminal, in the words of the glossary. Cancels have sentences of their own in cancel-words.ts. */
import type { ErrorCode } from '../../shared/errors.ts';
import type { Kind } from '../../shared/job.ts';
import type { Contact, ForeignJob } from '../../shared/server.ts';
import { plural } from './format.ts';

export const jobs = (count: number): string => plural(count, 'job', 'jobs');

export const kindName = (kind: Kind): string => (kind === 'comfy' ? 'ComfyUI' : 'SwarmUI');

export const contactWord: Record<Contact, string> = {
  online: 'online',
  connecting: 'connecting',
  offline: 'offline',
  'needs-auth': 'needs you to sign in',
  unsupported: 'not usable',
  disabled: 'switched off',
};

export const howWord: Record<NonNullable<ForeignJob['how']>, string> = {
  done: 'done',
  failed: 'failed',
  interrupted: 'interrupted',
  gone: 'gone from the queue',
  'cancelled-by-us': 'cancelled by you',
};

export const byWord = {
  window: 'from the window',
  tray: 'from the tray',
  hotkey: 'with the hotkey',
  cli: 'from the command line',
  phone: 'from the phone',
  api: 'by a script',
  core: 'by Switchyard',
} as const;

/** What a code means, for people. The message that follows it is for whoever looks closer. */
export const errorLead: Record<ErrorCode, string> = {
  invalid_request: 'That can’t be done with these values',
  not_found: 'There is no such thing',
  conflict: 'Things have changed meanwhile',
  not_allowed: 'That is not allowed',
  server_unreachable: 'The server does not answer',
  server_timeout: 'The server took too long to answer',
  server_auth: 'The server wants you to sign in',
  server_unsupported: 'This server can’t do that',
  server_protocol: 'The server answered in a way Switchyard can’t read',
  server_rejected: 'The server refused it',
  execution_failed: 'It failed while running',
  stopped_elsewhere: 'It was stopped elsewhere',
  lost: 'It is gone from its server',
  outputs_unavailable: 'Its files are not on the server any more',
  storage: 'Nothing can be written to disk',
  bug: 'Something went wrong in Switchyard; its log has more',
};

/** What is known of a job that is gone from its server, by why. */
export const lostSentence = {
  'server-restarted': "The server restarted; whether it ran can't be known",
  'server-removed': "The server was removed; whether it ran can't be known",
  'no-trace': "It left no trace on the server; whether it ran can't be known",
} as const;

/** What is wrong with the server at this address. */
export const atServer = (url: string, { code, message }: { code: ErrorCode; message: string }): string =>
  `${errorLead[code].replace(/^(The|This) server/, url)}: ${message}`;

export const says = {
  unknownVerb: (word: string) => `There is no verb "${word}".`,
  unknownOption: (word: string) => `${word} is not known here.`,
  needsValue: (word: string) => `${word} needs a value.`,
  noValue: (word: string) => `${word} takes no value.`,
  badNumber: (word: string, given: string, least: number, whole: boolean) =>
    `${word} needs ${whole ? 'a whole number' : 'a number'} from ${String(least)} up, not "${given}".`,
  quietAndVerbose: '-q and -v exclude each other.',
  tooFew: (usage: string) => `Something is missing: switchyard ${usage}`,
  tooMany: (word: string) => `"${word}" is one word too many.`,
  seeHelp: (verb: string | null) => `See: switchyard ${verb === null ? '' : `${verb} `}--help`,
  noVerb: 'Say what to do, for example: switchyard status',

  notRunning: (dataDir: string) => `Switchyard is not running on ${dataDir}.`,
  demoRuns: 'The demo is: to speak to it add --demo',
  needsHost: (verb: string) => `switchyard ${verb} needs a running Switchyard: --url can’t be used with it.`,
  asksDirectly: (url: string) => `Switchyard is not running: ${url} is asked directly.`,
  badConfig: (file: string, why: string) => `${file} can’t be used: ${why}.`,
  howToStart: 'Start it with: switchyard host   (or open the app, or ask a server directly with --url)',
  tokenRefused:
    'The running Switchyard refused this data directory’s token: it was started with another one. Start it again.',
  stillNotThere: (url: string) => `${url} does not answer.`,
  seeStatus: (url: string | null) => `See: switchyard status${url === null ? '' : ` --url ${url}`}`,
  streamEnded: (why: string) => `The connection to Switchyard ended: ${why}.`,

  noServer: (word: string) => `There is no server "${word}".`,
  manyServers: (word: string, names: readonly string[]) => `"${word}" could be any of: ${names.join(', ')}.`,
  noJob: (word: string) => `There is no job "${word}".`,
  manyJobs: (word: string, ids: readonly string[]) => `"${word}" could be any of: ${ids.join(', ')}.`,
  prefixTooShort: (word: string) => `"${word}" is too short: give at least 4 characters of the id.`,
  tooManyEnded: (word: string) => `"${word}" is not among the newest ended jobs; give the whole id.`,
  notYours: (word: string) => `"${word}" is other people’s work.`,

  nothingOpen: 'Nothing runs and nothing waits.',
  nothingEnded: 'Nothing has ended yet.',
  nothingFound: 'Nothing was found.',
  noServers: 'No servers yet. Look for some with: switchyard servers discover   or add one: switchyard servers add URL',
  noneFound: 'No server was found on the usual ports of this machine.',
  more: (shown: number) => `${String(shown)} shown; there is more: --limit N`,

  paused: (where: string) => `Paused${where}: nothing more is sent. What runs, runs on.`,
  resumed: (where: string) => `Sending again${where}.`,
  notAsked: 'Nobody was asked and nothing was done.',
  kept: 'Nothing was cancelled.',
  addYes: 'If you mean it: add -y',
  userAlone: '--user is everything of one user: it goes with --server and -y only.',
  wholeUser: (user: string) => `Everything of ${user} stops: every session, web pages and other programs too.`,
  stopUser: (user: string, server: string) => `Stop everything of ${user} on ${server}?`,
  noUser: (user: string, server: string) =>
    `No user called ${user} with work on ${server} can be stopped by this account.`,
  users: (names: readonly string[]) =>
    names.length === 0 ? 'This account may stop nobody.' : `It may stop: ${names.join(', ')}`,
  userStopped: (user: string, server: string) => `Everything of ${user} on ${server} was told to stop.`,
  whichServer: 'Say which server: --server S',
  interrupted: 'Interrupted. What was asked for before stays asked for.',
} as const;
