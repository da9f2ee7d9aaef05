/**
 * What the desktop shell tells its own window beside the contract's events: notices the system would not show, and what of
 * the desktop is really there. Only on the window's MessagePort; a browser's page never hears them.
 */
import { z } from 'zod';

export const DesktopStateSchema = z.object({
  /** A tray icon is really shown; without one closing the window is quitting. */
  tray: z.boolean(),
  startAtLogin: z.boolean(),
  hotkey: z.object({
    accelerator: z.string().nullable(),
    /** `asked`: the system took it and does not say what it made of it. */
    state: z.enum(['off', 'asked', 'bound', 'refused']),
    /** Why it was refused: a combination that can't be one, or the system. */
    why: z.enum(['no-key', 'two-keys', 'unknown-key', 'no-modifier', 'taken', 'system']).nullable(),
  }),
  /** A version that is out and was only told of, with the page to get it from where that is known. */
  newer: z.object({ version: z.string(), url: z.string().nullable() }).nullable(),
});
export type DesktopState = z.infer<typeof DesktopStateSchema>;

export const desktopTopics = {
  /** To be shown as a toast: the system refused to show it as a notification. `open` is a place of the window. */
  'desktop.notice': z.object({ title: z.string(), body: z.string(), open: z.string() }),
  /** Told at once to whoever watches, and at each change. */
  'desktop.state': DesktopStateSchema,
} as const;

export type DesktopEvents = { readonly [Topic in keyof typeof desktopTopics]: z.infer<(typeof desktopTopics)[Topic]> };
