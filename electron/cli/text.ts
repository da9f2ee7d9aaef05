/** What `switchyard` says in a terminal, in the words of the glossary. Cancels have sentences of their own in cancel-words.ts. */
import type { ErrorCode } from '../../shared/errors.ts';
import type { ForeignJob } from '../../shared/server.ts';
import { errorWords } from '../../shared/words/errors.ts';

export const howWord: Record<NonNullable<ForeignJob['how']>, string> = {
  done: 'done',
  failed: 'failed',
  interrupted: 'interrupted',
  gone: 'gone from the queue',
  'cancelled-by-us': 'cancelled by you',
};

/** What is wrong with the server at this address. */
export const atServer = (url: string, { code, message }: { code: ErrorCode; message: string }): string =>
  `${errorWords[code].replace(/^(The|This) server/, url)}: ${message}`;

export const says = {
  unknownVerb: (word: string) => `There is no verb "${word}".`,
  unknownOption: (word: string) => `${word} is not known here.`,
  needsValue: (word: string) => `${word} needs a value.`,
  noValue: (word: string) => `${word} takes no value.`,
  badNumber: (word: string, given: string, least: number, whole: boolean) =>
    `${word} needs ${whole ? 'a whole number' : 'a number'} from ${String(least)} up, not "${given}".`,
  quietAndVerbose: '-q and -v don’t go together.',
  tooFew: (usage: string) => `Something is missing: switchyard ${usage}`,
  tooMany: (word: string) => `"${word}" is one word too many.`,
  seeHelp: (verb: string | null) => `See: switchyard ${verb === null ? '' : `${verb} `}--help`,
  noVerb: 'Say what to do, for example: switchyard status',

  notRunning: (dataDir: string) => `Switchyard is not running on ${dataDir}.`,
  demoRuns: 'The demo is: to speak to it add --demo',
  needsHost: (verb: string) => `switchyard ${verb} needs a running Switchyard, so not --url.`,
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

  paused: (where: string) => `Paused${where}: nothing more is sent. Running jobs finish.`,
  resumed: (where: string) => `Sending again${where}.`,
  notAsked: 'Nobody was asked, so nothing was done.',
  kept: 'Nothing was cancelled.',
  addYes: 'If you mean it: add -y',
  userAlone: '--user is everything of one user: it goes with --server and -y only.',
  wholeUser: (user: string) => `Everything of ${user} stops: every session, web pages and other programs too.`,
  stopUser: (user: string, server: string) => `Stop everything of ${user} on ${server}?`,
  noUser: (user: string, server: string) =>
    `No user called ${user} with work on ${server} can be stopped by this account.`,
  users: (names: readonly string[]) =>
    names.length === 0 ? 'This account can stop no one.' : `It may stop: ${names.join(', ')}`,
  userStopped: (user: string, server: string) => `Everything of ${user} on ${server} was told to stop.`,
  whichServer: 'Say which server: --server S',
  interrupted: 'Interrupted. Earlier requests still stand.',
} as const;
