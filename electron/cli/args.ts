/**
 * Reads the words of a command line against the table of verbs (verbs.ts). Pure: looks at no file, no environment and no
 * terminal. What is wrong is thrown as a usage Failure.
 */
import { usage } from './exit-codes.ts';
import { says } from './text.ts';
import { GLOBAL_OPTIONS, VERBS, verbOf } from './verbs.ts';
import type { Verb } from './verbs.ts';

/** Not imported: an import of this module loads all of its rarely used parts as well, which takes a verb 4 ms. */
const { parseArgs } = process.getBuiltinModule('node:util');

export interface Arguments {
  readonly verb: Verb | null;
  /** Words that are not options, after the verb. */
  readonly words: readonly string[];
  /** For `host`: everything but the verb, as it was given. */
  readonly raw: readonly string[];
  has(name: string): boolean;
  /** The last one given, or undefined. */
  text(name: string): string | undefined;
  all(name: string): readonly string[];
  /** A number not below `least`; usage error otherwise. */
  number(name: string, least: number, whole: boolean): number | undefined;
}

const SHORT: Readonly<Record<string, string>> = { quiet: 'q', verbose: 'v', yes: 'y', help: 'h' };

/** Of all verbs together: no name takes a value for one and none for another. */
const options = Object.fromEntries(
  [GLOBAL_OPTIONS, ...VERBS.map((verb) => verb.options ?? {})].flatMap(Object.entries).map(([name, spec]) => {
    const short = SHORT[name];
    return [name, { type: spec === 'flag' ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) }] as const;
  }),
);

export function readArguments(argv: readonly string[]): Arguments {
  // Not strict: it refuses values that begin with a dash, and its sentences are not ours.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  let raw: string[] = [];
  let verb: Verb | null = null;
  let verbEnd = 0;

  for (const token of tokens) {
    if (token.kind === 'option') {
      const { name, rawName: shown, value, inlineValue } = token;
      const known = { ...GLOBAL_OPTIONS, ...verb?.options };
      if (!Object.hasOwn(known, name)) throw usage(says.unknownOption(shown), says.seeHelp(verb?.name ?? null));
      if (known[name] === 'flag' && inlineValue === true) throw usage(says.noValue(shown));
      if (known[name] === 'text' && value === undefined) throw usage(says.needsValue(shown));
      given.set(name, [...(given.get(name) ?? []), value ?? '']);
    } else if (token.kind === 'positional' && verb === null) {
      const found = verbOf(token.value, argv[token.index + 1]);
      if (found === null) throw usage(says.unknownVerb(token.value), says.seeHelp(null));
      ({ verb } = found);
      verbEnd = token.index + found.words;
      if (verb.passesOn === true) {
        raw = argv.toSpliced(token.index, 1);
        break;
      }
    } else if (token.kind === 'positional' && token.index >= verbEnd) words.push(token.value);
  }
  if (given.has('quiet') && given.has('verbose')) throw usage(says.quietAndVerbose);
  if (verb !== null && !given.has('help')) {
    const [least, most] = verb.takes;
    if (words.length < least) throw usage(says.tooFew(verb.usage), says.seeHelp(verb.name));
    if (words.length > most) throw usage(says.tooMany(words[most] ?? ''), says.seeHelp(verb.name));
  }
  const text = (name: string): string | undefined => given.get(name)?.at(-1);
  return {
    verb,
    words,
    raw,
    has: (name) => given.has(name),
    text,
    all: (name) => given.get(name) ?? [],
    number: (name, least, whole) => {
      const typed = text(name);
      if (typed === undefined) return undefined;
      const value = Number(typed);
      if (typed.trim() === '' || !Number.isFinite(value) || value < least || (whole && !Number.isSafeInteger(value)))
        throw usage(says.badNumber(`--${name}`, typed, least, whole));
      return value;
    },
  };
}
