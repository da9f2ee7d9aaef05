/** The verbs of `switchyard`: their options, their words, their help. Only a table; what they do is in commands/. */
import { KINDS } from '../../shared/kinds/kinds.ts';

/** `text` takes a value and may be given several times. */
export type OptionSpec = 'flag' | 'text';

interface VerbSpec {
  usage: string;
  about: string;
  options?: Readonly<Record<string, OptionSpec>>;
  /** Lines of help for its own options. */
  help?: readonly (readonly [string, string])[];
  /** At least and at most how many words after the verb. */
  takes: readonly [number, number];
  /** Its options are read by someone else. */
  passesOn?: boolean;
  /** Makes sense against a single server too, without a running Switchyard (`--url`). */
  alone?: boolean;
}

export type VerbName = keyof typeof table;

export interface Verb extends VerbSpec {
  name: VerbName;
}

export const GLOBAL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  data: 'text',
  demo: 'flag',
  url: 'text',
  'key-file': 'text',
  config: 'text',
  json: 'flag',
  quiet: 'flag',
  verbose: 'flag',
  yes: 'flag',
  help: 'flag',
  version: 'flag',
};

export const GLOBAL_HELP: readonly (readonly [string, string])[] = [
  ['--data DIR', 'the data directory (also SWITCHYARD_DATA)'],
  ['--demo', "the demo's data directory instead"],
  ['--url URL', 'no host: ask this server directly, with a queue in memory'],
  ['--key-file FILE', "with --url: the server's key, or user:password, is in FILE (- is stdin)"],
  ['--config FILE', 'JSON with "url" and "keyFile": the server that is asked while no Switchyard runs'],
  ['--json', 'one object {ok, data, error?} on stdout'],
  ['-q, --quiet', 'print nothing but errors, ask nothing'],
  ['-v, --verbose', 'print each API call to stderr'],
  ['-y, --yes', 'ask nothing; needed for other people’s work where nobody can be asked'],
  ['-h, --help', 'this help; with a verb, its own'],
];

const MANY = 100_000;
const SERVER = ['--server S', 'only on this server: name, address or id'] as const;

const table = {
  host: {
    usage: 'host [--window | --browser] [--port N] [--demo]',
    about: 'run Switchyard here, in the foreground',
    takes: [0, MANY],
    passesOn: true,
  },
  status: {
    usage: 'status [--server S]',
    about: 'is it running, what is queued, which servers answer',
    options: { server: 'text' },
    help: [SERVER],
    takes: [0, 0],
    alone: true,
  },
  'servers list': {
    usage: 'servers list',
    about: 'the servers you added',
    takes: [0, 0],
    alone: true,
  },
  'servers add': {
    usage: `servers add URL [--name N] [--kind ${KINDS.join('|')}] [--max N] [--key-file FILE]`,
    about: 'add a server',
    options: { name: 'text', kind: 'text', max: 'text' },
    help: [
      ['--name N', 'what to call it'],
      ['--kind K', `${KINDS.join(' or ')}; found out where not given`],
      ['--max N', 'how many jobs may be on it at once (2)'],
      ['--key-file FILE', 'its key, or user:password, is in FILE (- is stdin)'],
    ],
    takes: [1, 1],
  },
  'servers remove': {
    usage: 'servers remove S [--move-waiting | --cancel-waiting] [--cancel-running | --forget-running]',
    about: 'remove a server',
    options: { 'move-waiting': 'flag', 'cancel-waiting': 'flag', 'cancel-running': 'flag', 'forget-running': 'flag' },
    help: [
      ['--move-waiting', 'its waiting jobs go to any other server'],
      ['--cancel-waiting', 'its waiting jobs are cancelled'],
      ['--cancel-running', 'what runs on it is cancelled first'],
      ['--forget-running', 'what runs on it is given up'],
    ],
    takes: [1, 1],
  },
  'servers test': {
    usage: 'servers test URL|S',
    about: 'ask an address what it is',
    options: { kind: 'text' },
    help: [['--kind K', `${KINDS.join(' or ')}; found out where not given`]],
    takes: [1, 1],
  },
  'servers discover': {
    usage: 'servers discover',
    about: 'look for servers on the usual ports of this machine',
    takes: [0, 0],
  },
  submit: {
    usage: 'submit FILE [--server S] [--count N] [--seed N|random] [--set NODE.INPUT=VALUE]… [--wait SECONDS]',
    about: 'queue a workflow (API format, or an image that carries one)',
    options: {
      server: 'text',
      count: 'text',
      seed: 'text',
      set: 'text',
      wait: 'text',
      title: 'text',
      note: 'text',
      held: 'flag',
      front: 'flag',
    },
    help: [
      ['--server S', 'on this server; otherwise on any of its kind'],
      ['--count N', 'that many jobs; each gets a seed of its own'],
      ['--seed N|random', 'the seed; with --count the next ones follow'],
      ['--set NODE.INPUT=VALUE', 'change an input; NODE is its id or its title'],
      ['--wait SECONDS', 'wait for the jobs to end'],
      ['--title T, --note T', 'what to call it; what to remember'],
      ['--held, --front', 'keep it back; put it first'],
    ],
    takes: [1, 1],
    alone: true,
  },
  jobs: {
    usage: 'jobs [--server S] [--foreign]',
    about: 'what runs and what waits',
    options: { server: 'text', foreign: 'flag' },
    help: [SERVER, ['--foreign', 'other people’s work too']],
    takes: [0, 0],
    alone: true,
  },
  job: {
    usage: 'job ID',
    about: 'everything known of one job',
    takes: [1, 1],
    alone: true,
  },
  cancel: {
    usage:
      'cancel [ID…] [--all] [--waiting] [--server S] [--foreign] [--user NAME] [--after] [--note T] [--wait SECONDS]',
    about: 'stop exactly what you mean',
    options: {
      all: 'flag',
      waiting: 'flag',
      server: 'text',
      foreign: 'flag',
      user: 'text',
      after: 'flag',
      note: 'text',
      wait: 'text',
    },
    help: [
      ['(nothing)', 'the one running job of yours'],
      ['--all', 'all of yours, on all servers, running too'],
      ['--waiting', 'only what has not started; what runs, runs on'],
      SERVER,
      ['--foreign', 'other people’s work too'],
      ['--user NAME', 'everything of one user of a SwarmUI server'],
      ['--after', 'nothing more is sent; what runs may finish'],
      ['--note T', 'a reason, kept with the jobs'],
      ['--wait SECONDS', 'how long to wait for proof (10); 0: only until it is on disk'],
    ],
    takes: [0, MANY],
    alone: true,
  },
  history: {
    usage: 'history [WORD…] [--state S] [--server S] [--limit N] [--foreign]',
    about: 'what has ended, newest first',
    options: { state: 'text', server: 'text', limit: 'text', foreign: 'flag', cursor: 'text' },
    help: [
      ['WORD…', 'begins of words in title, prompt, note or error'],
      ['--state S', 'done, failed or cancelled'],
      SERVER,
      ['--limit N', 'how many (20)'],
      ['--foreign', 'other people’s work too'],
    ],
    takes: [0, 100],
  },
  watch: {
    usage: 'watch',
    about: 'print what happens until Ctrl+C',
    takes: [0, 0],
    alone: true,
  },
  pause: {
    usage: 'pause [--server S]',
    about: 'send nothing more; what runs, runs on',
    options: { server: 'text' },
    help: [SERVER],
    takes: [0, 0],
  },
  resume: {
    usage: 'resume [--server S]',
    about: 'send again',
    options: { server: 'text' },
    help: [SERVER],
    takes: [0, 0],
  },
  hold: { usage: 'hold ID…', about: 'keep waiting jobs back', takes: [1, MANY] },
  release: { usage: 'release ID…', about: 'let held jobs go', takes: [1, MANY] },
  move: {
    usage: 'move ID… (--front | --end | --before ID | --behind ID)',
    about: 'change the order',
    options: { front: 'flag', end: 'flag', before: 'text', behind: 'text' },
    takes: [1, MANY],
  },
  'put-back': {
    usage: 'put-back ID…',
    about: 'queue again what was cancelled before it ran, in its old place',
    takes: [1, MANY],
  },
  'run-again': {
    usage: 'run-again ID… [--new-seeds]',
    about: 'queue ended jobs again',
    options: { 'new-seeds': 'flag' },
    help: [['--new-seeds', 'with other random seeds']],
    takes: [1, MANY],
  },
  call: {
    usage: "call NAME ['JSON']",
    about: 'any call of the contract, for what has no verb (prints JSON)',
    takes: [1, 2],
    alone: true,
  },
} satisfies Readonly<Record<string, VerbSpec>>;

export const VERBS: readonly Verb[] = Object.entries<VerbSpec>(table).map(([name, spec]) => ({
  ...spec,
  name: name as VerbName,
}));

/** The verb that begins with these words, and how many of them it took. `servers` alone lists them. */
export function verbOf(first: string, second: string | undefined): { verb: Verb; words: 1 | 2 } | null {
  const two = second === undefined ? undefined : VERBS.find((verb) => verb.name === `${first} ${second}`);
  if (two !== undefined) return { verb: two, words: 2 };
  const wanted = first === 'servers' && (second === undefined || second.startsWith('-')) ? 'servers list' : first;
  const one = VERBS.find((verb) => verb.name === wanted);
  return one === undefined ? null : { verb: one, words: 1 };
}
