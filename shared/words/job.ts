/** A job in words, the same on every face. */

/** As its row is called: its title, or that it has none. */
export const titleWords = (title: string): string => (title === '' ? 'Untitled job' : title);

/** Why a cancel of a running job can only wait, as a clause. */
export const runsOnWords = 'this server is too old to stop one job safely: it will finish';
