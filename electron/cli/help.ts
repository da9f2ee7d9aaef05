/** `--help`: of everything, or of one verb. */
import { indented } from './format.ts';
import { GLOBAL_HELP, VERBS } from './verbs.ts';
import type { Verb } from './verbs.ts';

export function helpText(verb: Verb | null): string {
  if (verb === null) {
    return [
      'Usage: switchyard VERB …',
      '',
      ...indented(VERBS.map((one) => [one.name, one.about])),
      '',
      'Everywhere:',
      ...indented(GLOBAL_HELP),
      '',
      'Exit codes: 0 done (or nothing to do), 1 failed, 2 usage, 3 no such job or server, 4 host or server unreachable,',
      '5 not proven stopped in time, 6 too late. Ctrl+C is 130. More: switchyard VERB --help',
    ].join('\n');
  }
  return [
    `Usage: switchyard ${verb.usage}`,
    '',
    `${verb.about.charAt(0).toUpperCase()}${verb.about.slice(1)}.`,
    ...(verb.help === undefined ? [] : ['', ...indented(verb.help)]),
  ].join('\n');
}
