/**
 * Reads the words of a command line against the table of verbs (verbs.ts). Pure: looks at no file, no environment and no
 * terminal. What is wrong is thrown as a usage Failure.
 */
import { usage } from './exit-codes.ts';
import { says } from './text.ts';
import { GLOBAL_OPTIONS, verbOf } from './verbs.ts';
import type { OptionSpec, Verb } from './verbs.ts';

export class Arguments {
  readonly verb: Verb | null;
  /** Words that are no options, after the verb. */
  readonly words: readonly string[];
  /** For `host`: everything but the verb, as it was given. */
  readonly raw: readonly string[];
  readonly #given: ReadonlyMap<string, readonly string[]>;

  constructor(
    verb: Verb | null,
    words: readonly string[],
    raw: readonly string[],
    given: ReadonlyMap<string, readonly string[]>,
  ) {
    this.verb = verb;
    this.words = words;
    this.raw = raw;
    this.#given = given;
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** The last one given, or undefined. */
  text(name: string): string | undefined {
    return this.#given.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  /** A number not below `least`; usage error otherwise. */
  number(name: string, least: number, whole: boolean): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least || (whole && !Number.isSafeInteger(value)))
      throw usage(says.badNumber(`--${name}`, text, least, whole));
    return value;
  }
}

const SHORT: Readonly<Record<string, string>> = { q: 'quiet', v: 'verbose', y: 'yes', h: 'help' };

export function readArguments(argv: readonly string[]): Arguments {
  const given = new Map<string, string[]>();
  const words: string[] = [];
  const raw: string[] = [];
  let verb: Verb | null = null;
  let onlyWords = false;

  const take = (
    name: string,
    spec: OptionSpec | undefined,
    shown: string,
    inline: string | undefined,
    index: number,
  ): number => {
    if (spec === undefined) throw usage(says.unknownOption(shown), says.seeHelp(verb?.name ?? null));
    if (spec === 'flag') {
      if (inline !== undefined) throw usage(says.noValue(shown));
      given.set(name, []);
      return index;
    }
    const value = inline ?? argv[index + 1];
    if (value === undefined) throw usage(says.needsValue(shown));
    given.set(name, [...(given.get(name) ?? []), value]);
    return inline === undefined ? index + 1 : index;
  };

  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (verb?.passesOn === true) {
      raw.push(word);
      continue;
    }
    if (onlyWords || word === '-' || !word.startsWith('-')) {
      if (verb !== null) {
        words.push(word);
        continue;
      }
      const second = argv[index + 1];
      const found = verbOf(word, second);
      if (found === null) throw usage(says.unknownVerb(word), says.seeHelp(null));
      verb = found.verb;
      if (found.words === 2) index += 1;
      if (verb.passesOn === true) for (const [name, values] of given) raw.push(`--${name}`, ...values);
    } else if (word === '--') {
      onlyWords = true;
    } else if (word.startsWith('--')) {
      const [, name = '', inline] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
      index = take(name, { ...GLOBAL_OPTIONS, ...verb?.options }[name], `--${name}`, inline, index);
    } else {
      for (const letter of word.slice(1)) {
        const name = SHORT[letter];
        index = take(
          name ?? letter,
          name === undefined ? undefined : GLOBAL_OPTIONS[name],
          `-${letter}`,
          undefined,
          index,
        );
      }
    }
  }
  const made = new Arguments(verb, words, raw, given);
  if (made.has('quiet') && made.has('verbose')) throw usage(says.quietAndVerbose);
  if (verb !== null && !made.has('help')) {
    const [least, most] = verb.takes;
    if (words.length < least) throw usage(says.tooFew(verb.usage), says.seeHelp(verb.name));
    if (words.length > most) throw usage(says.tooMany(words[most] ?? ''), says.seeHelp(verb.name));
  }
  return made;
}
