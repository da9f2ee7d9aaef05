/** Joins class names; false, null and undefined are left out, so that conditions read well. */
export function cx(...names: (string | false | null | undefined)[]): string {
  return names.filter((name) => typeof name === 'string' && name !== '').join(' ');
}
