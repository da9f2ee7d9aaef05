/** Counts in words, the same on every face; how a number is written is the face's own. */

let rules: Intl.PluralRules | undefined;

/** "1 job", "3 jobs". `number` writes the count, e.g. with the reader's thousands separator. */
export function plural(count: number, one: string, other: string, number: (value: number) => string = String): string {
  rules ??= new Intl.PluralRules('en');
  return `${number(count)} ${rules.select(count) === 'one' ? one : other}`;
}

export const jobs = (count: number): string => plural(count, 'job', 'jobs');
